"""Why somebody may or may not do something: the rule and the document that decide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from holdall.engine import accounts
from holdall.server import authorisation, guard
from holdall.server.authentication import ANONYMOUS
from holdall.server.authorisation import Caller as Who
from holdall.server.control.asked import Asked
from holdall.server.control.caller import Caller, Calling
from holdall.server.control.names import ACCESS_KEY, BucketName, Key, Text
from holdall.server.control.problems import Refusal, forbidden
from holdall.server.request import Request, Scope
from holdall.server.routes import Route
from holdall.server.table import ROUTES

router = APIRouter(prefix="/explain", tags=["explain"])

ANYBODY: Final = "anonymous"
_BY_NAME: Final = {route.name: route for route in ROUTES if route.action is not None}


class Question(Asked):
    """May `user` (or whoever holds `access_key`, or the key that asks) do `operation` with the
    bucket?"""

    operation: Text = Field(examples=["GetObject", "s3:GetObject"])
    bucket: BucketName
    key: Key | None = None
    user: Text | None = Field(
        None, description="A user's name, or `anonymous`; without it the key that asks is meant."
    )
    access_key: Annotated[str, StringConstraints(pattern=ACCESS_KEY)] | None = None
    source_ip: Text = "127.0.0.1"
    secure: bool = True


class Answer(BaseModel):
    """`rule` decided it, which is part of `document`; `text` says the same in a sentence."""

    allowed: bool
    action: str
    rule: str
    document: str
    text: str


@router.post("")
async def explain(question: Question, caller: Caller) -> Answer:
    """Explain a decision to those who manage the bucket."""
    bucket = await caller.bucket(question.bucket, "s3:GetBucketPolicy", elsewhere=True)
    route = _route(question.operation)
    who = await _who(question, caller)
    decision = await guard.judge(
        caller.site.state,
        _imagined(question),
        who,
        bucket,
        str(route.action),
        key=question.key,
        acl=route.acl,
        writes=route.writes,
    )
    return Answer(
        allowed=decision.allowed,
        action=str(route.action),
        rule=decision.rule,
        document=decision.document,
        text=_sentence(who, question, decision),
    )


def _sentence(who: Who, question: Question, decision: authorisation.Decision) -> str:
    name = who.user or "an anonymous caller"
    verb = "may" if decision.allowed else "may not"
    place = question.bucket + (f"/{question.key}" if question.key else "")
    return f"{name} {verb} {question.operation} {place}: {decision.rule} ({decision.document})"


def _route(operation: str) -> Route:
    """An operation by its name, or the one that demands an action."""
    if operation in _BY_NAME:
        return _BY_NAME[operation]
    for route in _BY_NAME.values():
        if route.action == operation:
            return route
    raise Refusal(422, "InvalidArgument", f"No operation is called {operation!r}.")


async def _who(question: Question, caller: Calling) -> Who:
    if question.access_key is not None:
        key = await caller.site.state.accounts.find(question.access_key, None)
        if key is None:
            raise Refusal(404, "NotFound", f"There is no access key {question.access_key}.")
        if key.caller.user != caller.user and not caller.is_admin:
            raise forbidden("Only administrators ask about the keys of others.")
        return key.caller
    if question.user is None:
        return caller.proved.key.caller
    if question.user == ANYBODY:
        return ANONYMOUS
    row = await accounts.get_user(caller.engine, question.user)
    return await caller.site.stored.caller(row)


async def _nothing() -> Any:
    return {"type": "http.disconnect"}


def _imagined(question: Question) -> Request:
    """The request that the question is about, as far as rules look at it."""
    scope: Scope = {
        "method": "GET",
        "raw_path": b"/",
        "query_string": b"",
        "headers": list(_headers()),
        "scheme": "https" if question.secure else "http",
        "client": (question.source_ip, 0),
    }
    return Request(scope, _nothing, "explain")


def _headers() -> Iterator[tuple[bytes, bytes]]:
    yield b"host", b"localhost"
