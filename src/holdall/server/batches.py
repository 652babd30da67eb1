"""Many small requests of one caller, answered as if each had come alone.

Each passes the same routes, policies and conditions, and is told to the log by itself. They are
answered at once, in no order: of two that touch the same key either may be the first, as it is
with requests on two connections.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from holdall.s3 import batches as wire
from holdall.s3.batches import LARGEST, LONGEST, MEDIA_TYPE, Part
from holdall.s3.errors import S3Error
from holdall.s3.headers import joined
from holdall.server import authentication, sending
from holdall.server.app import S3App
from holdall.server.authorisation import Caller
from holdall.server.body import Body
from holdall.server.exchanges import Exchange, access_key_of, bucket_of
from holdall.server.request import Message, Receive, Request, Scope, Send, new_id
from holdall.server.response import Response
from holdall.server.table import route_of

RawHeaders = list[tuple[bytes, bytes]]

CARRIED: Final = frozenset({"GetObject", "PutObject"})
_SHARED: Final = (b"host", b"user-agent", b"referer")
"""Headers of the batch that are those of each request in it, since policies ask for them."""
_OUTER: Final = frozenset(
    {
        *("host", "user-agent", "referer", "authorization", "content-length"),
        *("transfer-encoding", "expect", "x-amz-security-token", "x-amz-date"),
        *("x-amz-content-sha256", "x-amz-decoded-content-length"),
    }
)
"""What the batch says for all of them: whose they are, where they go and how they travel."""
_METHOD: Final = re.compile("GET|PUT")
_NAME: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, 5.1, in lower case
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110, 5.5
_PATH: Final = re.compile(r"/[!-\"$->@-~]*")  # no space, control character, `?` or `#`
_QUERY: Final = re.compile(r"[!-\"$-~]*")


class Batches:
    """Answers `POST` to `holdall.s3.batches.PATH`. `tell` hears of every request in it."""

    def __init__(self, s3: S3App, tell: Callable[[Exchange], None]) -> None:
        self._s3 = s3
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        batch = Request(scope, receive, new_id())
        response = await self._s3.guarded(batch, lambda: self._answer(scope, batch))
        await sending.send(response, batch, send, self._s3.state)

    async def _answer(self, scope: Scope, batch: Request) -> Response:
        if batch.method != "POST":
            raise S3Error("MethodNotAllowed", Method=batch.method, ResourceType="BATCH")
        caller, body = await authentication.authenticate(self._s3.state, batch)
        if batch.proof.get("s3:authType") != "REST-HEADER":  # an address may have been passed on
            raise S3Error("AccessDenied", "A batch is signed in its headers.")
        if body.sha256 is None:  # what is asked for stands in it
            raise S3Error("AccessDenied", "The signature of a batch covers its body.")
        requests = _requests(scope, batch, await body.read(LARGEST))
        key = access_key_of(batch)
        answers = await asyncio.gather(
            *(self._carry(request, content, caller, key) for request, content in requests)
        )
        return Response(200, [("content-type", MEDIA_TYPE)], b"".join(answers))

    async def _carry(
        self, request: Request, content: bytes, caller: Caller, access_key: str | None
    ) -> bytes:
        began, status, answer = time.perf_counter(), 0, b""  # until there is one
        body = Body(request.receive, len(content))
        try:
            response = await self._s3.guarded(request, lambda: self._serve(request, caller, body))
            status, answer = _packed(response, request)
            return answer
        finally:
            exchange = Exchange(
                request.method,
                request.operation,
                bucket_of(request),
                access_key,
                request.client or "-",
                status,
                len(answer),
                len(content),
                time.perf_counter() - began,
                request.id,
            )
            self._tell(exchange)

    async def _serve(self, request: Request, caller: Caller, body: Body) -> Response:
        route = route_of(request)
        request.operation = route.name
        if route.name not in CARRIED:
            raise S3Error("NotImplemented", f"{route.name} in a batch")
        return await _short(await self._s3.serve(route, request, caller, body))


def _requests(scope: Scope, batch: Request, packed: bytes) -> list[tuple[Request, bytes]]:
    """`InvalidRequest` for what is no batch: then none of it is done."""
    try:
        parts = wire.unpack(packed)
        shared = [(name, value) for name, value in scope["headers"] if name in _SHARED]
        return [(_request(scope, batch, shared, part), part.content) for part in parts]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise S3Error("InvalidRequest", f"This is no batch: {error}.") from None


def _request(scope: Scope, batch: Request, shared: RawHeaders, part: Part) -> Request:
    said, content = part
    if len(content) > LONGEST:
        raise ValueError(f"a content of more than {LONGEST} bytes")
    body = [
        (b"content-length", str(len(content)).encode()),
        (b"x-amz-content-sha256", sha256(content).hexdigest().encode()),  # policies may ask
    ]
    own = [_header(name, value) for name, value in said["headers"].items()]
    inner = {
        **scope,
        "method": _matching(_METHOD, said["method"]).decode(),
        "raw_path": _matching(_PATH, said["path"]),
        "query_string": _matching(_QUERY, said["query"]),
        "headers": [*shared, *body, *own],
    }
    request = Request(inner, _once(content), new_id())
    request.proof = batch.proof
    return request


def _header(name: str, value: str) -> tuple[bytes, bytes]:
    if name in _OUTER:
        raise ValueError(f"{name} is a header of the batch")
    return _matching(_NAME, name), _matching(_VALUE, value).strip()


def _matching(pattern: re.Pattern[str], text: str) -> bytes:
    """As it would have come over the wire, where nothing else could have come."""
    if pattern.fullmatch(text) is None:
        raise ValueError(f"{text[:100]!a} is out of place")
    return text.encode("latin-1")


def _once(content: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    return receive


async def _short(response: Response) -> Response:
    """The answer, or 413 in place of one that is to be asked for alone."""
    if isinstance(response.body, bytes) and len(response.body) <= LONGEST:
        return response
    if response.close is not None:
        async with response.close:
            pass
    return Response(413)


def _packed(response: Response, request: Request) -> tuple[int, bytes]:
    """The status and the part of a batch. An object with so many headers that they go into no
    line is to be asked for alone, too; what is said of a write is never as long."""
    assert isinstance(response.body, bytes), "a stream was taken for too long"
    id = {"x-amz-request-id": request.id}
    said = {"status": response.status, "headers": {**id, **joined(response.headers)}}
    try:
        return response.status, wire.packed(Part(said, response.body))
    except ValueError:
        return 413, wire.packed(Part({"status": 413, "headers": id}, b""))
