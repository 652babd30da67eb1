"""Conditional requests (RFC 9110, 13), as S3 answers them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from holdall.core.values import ALWAYS, Precondition, Revision
from holdall.s3.errors import S3Error
from holdall.s3.numbers import natural
from holdall.s3.times import from_http
from holdall.server.call import Call
from holdall.server.response import Headers

_CONDITIONS = frozenset({"if-match", "if-none-match", "if-modified-since", "if-unmodified-since"})


def check_read(headers: Mapping[str, str], revision: Revision, described: Headers) -> None:
    """Raise `PreconditionFailed` (412) or `NotModified` (304) in the order of 13.2.2."""
    if _CONDITIONS.isdisjoint(headers):
        return
    match, none_match = headers.get("if-match"), headers.get("if-none-match")
    since, unless = headers.get("if-modified-since"), headers.get("if-unmodified-since")
    if match is not None:
        if not _lists(match, revision.etag):
            raise S3Error("PreconditionFailed", Condition="If-Match")
    elif unless is not None and _is_after(revision, unless):
        raise S3Error("PreconditionFailed", Condition="If-Unmodified-Since")
    if none_match is not None:
        if _lists(none_match, revision.etag):
            raise _not_modified(described)
    elif since is not None and from_http(since) and not _is_after(revision, since):
        raise _not_modified(described)


def range_holds(header: str | None, revision: Revision) -> bool:
    """Whether a range is still one of the same content: by its tag, or by its date to the
    second (RFC 9110, 13.1.5). Otherwise the whole is sent."""
    if header is None:
        return True
    if header.startswith('"'):
        return header.strip() == f'"{revision.etag}"'
    return from_http(header) == _second(revision.created_at)


def _not_modified(described: Headers) -> S3Error:
    return S3Error("NotModified", headers=tuple(described))


def _lists(header: str, etag: str) -> bool:
    """Whether the entity tag is among those listed; weak ones count, S3's never are."""
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")]
    return "*" in tags or etag in tags


def _is_after(revision: Revision, text: str) -> bool:
    """Whether the object changed after a date; headers know whole seconds only."""
    time = from_http(text)
    return time is not None and _second(revision.created_at) > time


def _second(time: datetime) -> datetime:
    return time.replace(microsecond=0)


EXPECT = "x-holdall-expect"
"""The number that the newest revision must have, for clients that know S3 and more."""
UNLESS = "x-holdall-if-none-match"
"""An entity tag that the current object must not have: S3 takes none in If-None-Match."""


def write_precondition(headers: Mapping[str, str]) -> Precondition:
    """If-Match and If-None-Match of a write, and what our own clients say beyond.
    `NotImplemented` for what S3 does not take."""
    match, none_match = headers.get("if-match"), headers.get("if-none-match")
    if none_match is not None and none_match.strip('"') != "*":
        raise S3Error(
            "NotImplemented", "A header you provided implies functionality that is not implemented"
        )
    unless, expect = headers.get(UNLESS), headers.get(EXPECT)
    if match is none_match is unless is expect is None:
        return ALWAYS
    return Precondition(
        if_match=match and match.strip().strip('"'),
        if_none_match="*" if none_match is not None else unless and unless.strip().strip('"'),
        expect=_number(expect),
    )


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    found = natural(text)
    if found is None:
        raise S3Error("InvalidArgument", ArgumentName=EXPECT, ArgumentValue=text)
    return found


async def require_sight(call: Call) -> None:
    """`AccessDenied` to those who may write the object and not have it compared."""
    for name in ("if-match", UNLESS):
        match = call.header(name)
        if match is not None and not await may_compare(call, call.key, match):
            raise S3Error("AccessDenied")


async def may_compare(call: Call, key: str, match: str | None) -> bool:
    """Whether the caller may read what an entity tag is held against: a match would tell what
    the object is (S3 "How to perform conditional deletes"). That there is one, writers may
    know."""
    if match is None or match.strip().strip('"') == "*":
        return True
    return await call.may("s3:GetObject", key=key, acl="READ")


def delete_precondition(headers: Mapping[str, str]) -> Precondition:
    """If-Match of a delete. An object that is not there meets every other wish."""
    match = headers.get("if-match")
    return Precondition(if_match=match.strip().strip('"')) if match is not None else ALWAYS
