"""An answer on its way to the client, no faster than the client reads."""

from __future__ import annotations

from holdall.s3.times import to_http
from holdall.server.request import Request, Send
from holdall.server.response import Response
from holdall.server.state import State

BODILESS = frozenset({204, 304})
_ONE_LINE = bytes.maketrans(b"\r\n\0", b"   ")


async def send(response: Response, request: Request, send: Send, state: State) -> None:
    """A stream that fails half-way breaks the connection: its length was announced."""
    if response.close is None:
        await _send(response, request, send, state)
    else:
        async with response.close:
            await _send(response, request, send, state)


async def _send(response: Response, request: Request, send: Send, state: State) -> None:
    await send(_start(response, request, state))
    if request.method == "HEAD" or response.status in BODILESS:
        await send({"type": "http.response.body", "body": b""})
    elif isinstance(response.body, bytes):
        await send({"type": "http.response.body", "body": response.body})
    else:
        async for chunk in response.body:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _start(response: Response, request: Request, state: State) -> dict[str, object]:
    headers = [
        (b"x-amz-request-id", request.id.encode()),
        (b"x-amz-id-2", state.host_id.encode()),
        (b"date", to_http(state.now()).encode()),
        (b"server", b"Holdall"),
    ]
    for name, value in response.headers:
        headers.append((name.encode(), _safe(value)))
    if response.status not in BODILESS:
        headers.append((b"content-length", str(_length(response)).encode()))
    return {"type": "http.response.start", "status": response.status, "headers": headers}


def _safe(value: str) -> bytes:
    """The bytes of a header. Whatever it echoes, it stays one line: a value that held the
    end of it would let its author write headers of ours (RFC 9110, 5.5)."""
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:
        raw = value.encode()
    return raw.translate(_ONE_LINE)


def _length(response: Response) -> int:
    if response.length is not None:
        return response.length
    assert isinstance(response.body, bytes), "a stream announces its length"
    return len(response.body)
