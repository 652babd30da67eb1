"""The bytes of an object as they come, and on after a broken connection."""

from __future__ import annotations

import re
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

import aiohttp

from holdall.core.errors import Closed, Conflict, PreconditionFailed, StoreError
from holdall.s3.client.failures import broken
from holdall.s3.client.request import Request
from holdall.s3.client.sender import Sender
from holdall.s3.client.sums import announced
from holdall.s3.client.values import Head, quoted
from holdall.s3.headers import joined

_COVERED: Final = re.compile(r"bytes\s+(\d+)-")


class Download:
    """An async iterator of the chunks of one object, or of a range of it, as they arrive.

    `span` is the range, `(start, end)`. When the connection breaks it goes on from where it
    was, with If-Match: two contents are never spliced, `Conflict` says that there is another
    one now. A whole object is compared with the checksum that came with it; `Corrupt` takes
    the place of the end.
    """

    def __init__(self, sender: Sender, request: Request, response: aiohttp.ClientResponse) -> None:
        headers = joined(response.headers.items())
        self.head = Head.of(headers)
        self.span = _span(response, request)
        self._at = self.span[0]
        self._sender = sender
        self._request = request
        self._response: aiohttp.ClientResponse | None = response
        self._sum = None if response.status == 206 else announced(headers)
        self._failures = 0
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._closed:
            raise Closed("the download is closed")
        while self._at < self.span[1]:
            if chunk := await self._chunk():
                return chunk
        self._let_go()
        self._verify()
        raise StopAsyncIteration

    async def read(self) -> bytes:
        """All that is left."""
        return b"".join([chunk async for chunk in self])

    async def aclose(self) -> None:
        """Let go of the connection. Harmless when repeated."""
        self._closed = True
        self._let_go()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _chunk(self) -> bytes:
        """The next bytes; none when the connection broke and there is a new one."""
        try:
            if self._response is None:
                self._response = await self._resumed()
            chunk = await _received(self._response.content)
            if not chunk:
                raise aiohttp.ClientPayloadError("the body ended early")
        except (TimeoutError, aiohttp.ClientError) as error:
            await self._recover(error)
            return b""
        self._failures = 0
        self._at += len(chunk)
        if self._sum is not None:
            self._sum.digester.update(chunk)
        return chunk

    async def _recover(self, error: Exception) -> None:
        """Wait a little, unless too many attempts in a row brought nothing."""
        self._drop()
        self._failures += 1
        wait = self._sender.retries.wait(self._failures, None)
        if wait is None:
            raise broken(error, self._request.facts, changes=False).error from error
        await self._sender.retries.sleep(wait)

    async def _resumed(self) -> aiohttp.ClientResponse:
        start, end = self._at, self.span[1]
        asked = {"range": f"bytes={start}-{end - 1}", "if-match": quoted(self.head.etag)}
        request = replace(self._request, headers={**self._request.headers, **asked})
        try:
            response = await self._sender.open(request)
        except PreconditionFailed as error:
            raise Conflict("The object changed while it was read.", **error.facts) from error
        if _span(response, request) != (start, end):
            response.close()
            raise StoreError("The server did not go on from where it was.", **request.facts)
        return response

    def _verify(self) -> None:
        if self._sum is not None:
            self._sum.demand(self._request)

    def _drop(self) -> None:
        response, self._response = self._response, None
        if response is not None:
            response.close()

    def _let_go(self) -> None:
        """A body that was read to its end gives its connection back, another one loses it."""
        response, self._response = self._response, None
        if response is None:
            return
        if self._at == self.span[1]:
            response.release()
        else:
            response.close()


async def _received(content: aiohttp.StreamReader) -> bytes:
    """The next bytes as they came, which `readany` would join by copying; none at the end."""
    while True:
        chunk, ends_chunk = await content.readchunk()
        if chunk or not ends_chunk:  # by the chunked coding one may end without bytes
            return chunk


def _span(response: aiohttp.ClientResponse, request: Request) -> tuple[int, int]:
    """What the body is of the object, by Content-Range (RFC 9110, 14.4) or as a whole."""
    covered = _COVERED.match(response.headers.get("content-range", "bytes 0-"))
    if response.content_length is None or covered is None:
        response.close()
        raise StoreError("The answer does not say which bytes it has.", **request.facts)
    start = int(covered[1])
    return start, start + response.content_length
