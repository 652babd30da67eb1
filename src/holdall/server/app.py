"""The S3 API as an ASGI app: authenticate, authorise, handle, answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from holdall.core.errors import ChecksumMismatch, HoldallError
from holdall.s3.errors import S3Error
from holdall.server import authentication, cors, sending
from holdall.server.authorisation import Caller
from holdall.server.body import Body
from holdall.server.call import Call, admit
from holdall.server.failures import translate
from holdall.server.guard import load_bucket
from holdall.server.request import Receive, Request, Scope, Send, new_id
from holdall.server.response import Headers, Response, failure
from holdall.server.routes import Route
from holdall.server.state import State
from holdall.server.table import route_of

_log = logging.getLogger("holdall.server")


class S3App:
    """Answers HTTP requests that speak S3. Mount it at the root of a host: keys may be any
    path, and signatures cover the whole of it."""

    def __init__(self, state: State) -> None:
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, new_id(), self.state.domains)
        await self.answer(request, send)

    async def answer(self, request: Request, send: Send) -> None:
        """The same for a request that is read already."""
        response = await self.guarded(request, lambda: self._handle(request))
        if "origin" in request.headers and request.method != "OPTIONS":
            response.headers += await self._for_browsers(request)
        await sending.send(response, request, send, self.state)

    async def guarded(
        self, request: Request, handle: Callable[[], Awaitable[Response]]
    ) -> Response:
        """What `handle` answers, or S3's answer to what it raises."""
        try:
            return await handle()
        except S3Error as error:
            return self._failure(error, request)
        except HoldallError as error:
            return self._failure(self._translated(error, request), request)
        except Exception:
            _log.exception("request %s failed", request.id)
            return self._failure(S3Error("InternalError"), request)

    async def _for_browsers(self, request: Request) -> Headers:
        """What lets a page of another origin read the answer, an error included."""
        try:
            bucket = await load_bucket(self.state, request, authentication.ANONYMOUS)
        except (S3Error, HoldallError):
            return []
        return cors.headers(bucket, request) if bucket else []

    async def _handle(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return await cors.preflight(self.state, request)
        route = route_of(request)
        request.operation = route.name
        caller, body = await authentication.authenticate(self.state, request)
        return await self.serve(route, request, caller, body)

    async def serve(self, route: Route, request: Request, caller: Caller, body: Body) -> Response:
        """The answer to a caller who is known, and may still be refused."""
        call = Call(self.state, request, route, caller, body)
        await admit(call)
        return await route.handle(call)

    def _translated(self, error: HoldallError, request: Request) -> S3Error:
        signed = request.headers.get("x-amz-content-sha256")
        if isinstance(error, ChecksumMismatch) and error.expected == signed:
            return S3Error("XAmzContentSHA256Mismatch")
        found = translate(error)
        if found.code == "InternalError":  # a full disk or a busy catalog is no fault of ours
            _log.error("request %s failed", request.id, exc_info=error)
        return found

    def _failure(self, error: S3Error, request: Request) -> Response:
        resource = request.raw_path.decode("latin-1")
        return failure(error, resource=resource, request_id=request.id, host_id=self.state.host_id)
