"""The control plane as an ASGI app: who calls is proved before a route is chosen."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from holdall.core.errors import HoldallError
from holdall.s3.errors import S3Error
from holdall.server.control import (
    blobs,
    buckets,
    credentials,
    explaining,
    grants,
    imports,
    keys,
    lifecycles,
    listening,
    master_keys,
    me,
    orgs,
    problems,
    revisions,
    transfers,
    uploads,
    urls,
    users,
    webhooks,
)
from holdall.server.control.authenticating import authenticate, replayed, whole_body
from holdall.server.control.caller import ENTRY, Calling
from holdall.server.control.problems import Problem, Refusal, refusal_of
from holdall.server.opening import Opened
from holdall.server.request import Message, Receive, Request, Scope, Send

PREFIX: Final = "/api/v1"
DOCS: Final = "/api/docs"
SCHEMA: Final = "/api/openapi.json"
OPEN: Final = frozenset({"/api", "/api/", DOCS, SCHEMA})
"""Paths that are for everybody."""

_ID: Final = "holdall.request-id"
_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": text,
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, text in {
        400: "The request is malformed.",
        401: "The request is not signed.",
        403: "The caller may not do this, or the signature is wrong.",
        404: "Something that the request names does not exist.",
        409: "It contradicts the present state.",
        410: "What is asked for is forgotten.",
        412: "What was demanded of the present state does not hold.",
        413: "The body is too large.",
        422: "A parameter or the body is not as it should be.",
        500: "A fault of the server.",
        501: "A provider cannot do this.",
        503: "Too much to do, or a provider does not answer; try again later.",
    }.items()
}
_ROUTERS: Final = (
    imports,
    buckets,
    blobs,
    uploads,
    grants,
    revisions,
    urls,
    credentials,
    keys,
    me,
    users,
    orgs,
    explaining,
    lifecycles,
    listening,
    transfers,
    webhooks,
    master_keys,
)
_log = logging.getLogger("holdall.server")


class ControlApp:
    """Answers everything below `/api`."""

    def __init__(self, site: Opened) -> None:
        self._site = site
        self._app = build()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        id = secrets.token_hex(8).upper()
        scope[_ID] = id
        if scope["type"] == "websocket":
            await self._listen(scope, receive, send)
            return
        naming = _Naming(send, id)
        try:
            await self._answer(scope, receive, naming)
        except Exception as error:
            refusal = _told(error, id)
            if not naming.started:  # else Starlette has answered before it raised this again
                await problems.response(refusal, id)(scope, receive, naming)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] not in OPEN:
            request = Request(scope, receive, scope[_ID])
            body = await whole_body(receive, request.headers)
            await self._prove(scope, request, body)
            receive = replayed(body, receive)
        await self._app(scope, receive, send)

    async def _listen(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A WebSocket that is refused before it is accepted is answered with 403 (ASGI)."""
        try:
            await self._prove(scope, Request({**scope, "method": "GET"}, receive, scope[_ID]), b"")
            await self._app(scope, receive, send)
        except Exception as error:
            if refusal_of(error).status >= 500:
                _log.error("request %s failed", scope[_ID], exc_info=error)
            await send({"type": "websocket.close", "code": 1008})

    async def _prove(self, scope: Scope, request: Request, body: bytes) -> None:
        proved = await authenticate(self._site.state, request, body)
        scope[ENTRY] = Calling(self._site, request, proved)


class _Naming:
    """Says in each answer which request it is of, and that it is not to be kept."""

    def __init__(self, send: Send, id: str) -> None:
        self.started = False
        self._send = send
        self._own = [(b"x-amz-request-id", id.encode()), (b"server", b"Holdall")]

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = [*message.get("headers", ()), *self._own]
            if not any(name == b"cache-control" for name, _ in headers):
                headers.append((b"cache-control", b"no-store"))
            message = {**message, "headers": headers}
        await self._send(message)


def _told(error: Exception, id: str) -> Refusal:
    """The answer to an error; what is our fault is logged."""
    refusal = refusal_of(error)
    if refusal.status >= 500:
        _log.error("request %s failed", id, exc_info=error)
    return refusal


def build() -> FastAPI:
    """The routes, without who calls them."""
    app = FastAPI(
        title="Holdall",
        summary="The control plane of a Holdall server.",
        version="1",
        docs_url=DOCS,
        redoc_url=None,
        openapi_url=SCHEMA,
        redirect_slashes=False,
        exception_handlers={
            RequestValidationError: _invalid,
            HTTPException: _of_http,
            Refusal: _refused,
            HoldallError: _refused,
            S3Error: _refused,
            Exception: _broken,
        },
    )
    for module in _ROUTERS:
        app.include_router(module.router, prefix=PREFIX, responses=_ERRORS)
    app.openapi = lambda: schema(app)  # type: ignore[method-assign]
    return app


def schema(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document: FastAPI's, with how requests are signed and how errors look."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes
        )
        parts = found.setdefault("components", {})
        parts.setdefault("schemas", {}).update(_problem_schemas())
        parts["securitySchemes"] = {"sigv4": _SIGV4}
        found["security"] = [{"sigv4": []}]
        app.openapi_schema = found
    return app.openapi_schema


_SIGV4: Final = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "description": "AWS Signature Version 4, for the service `s3` or `holdall`.",
}


def _problem_schemas() -> dict[str, Any]:
    found = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"Problem": found, **found.pop("$defs")}


async def _invalid(request: HttpRequest, error: Exception) -> Response:
    """What is wrong, without what was sent: it may be a secret."""
    assert isinstance(error, RequestValidationError)
    faults = [
        {"where": ".".join(map(str, each["loc"])), "what": each["msg"]} for each in error.errors()
    ]
    refusal = Refusal(422, "Invalid", "A parameter or the body is not as it should be.")
    return problems.response(refusal, request.scope[_ID], faults)


async def _of_http(request: HttpRequest, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).phrase.replace(" ", "")
    headers = dict(error.headers or {})
    refusal = Refusal(error.status_code, code, error.detail, headers=headers)
    return problems.response(refusal, request.scope[_ID])


async def _refused(request: HttpRequest, error: Exception) -> Response:
    return problems.response(_told(error, request.scope[_ID]), request.scope[_ID])


async def _broken(request: HttpRequest, error: Exception) -> Response:
    """Starlette raises it again afterwards, and it is logged then."""
    return problems.response(refusal_of(error), request.scope[_ID])
