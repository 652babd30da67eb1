"""The bytes of an object as they come over HTTP, and on after a broken connection."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple, Self

import aiohttp

from holdall.core.checksums import digester
from holdall.core.errors import (
    BlobNotFound,
    Closed,
    Conflict,
    Corrupt,
    PreconditionFailed,
    StoreError,
)
from holdall.s3.client.failures import broken
from holdall.s3.client.retrying import Retries

Opener = Callable[[int, int], Awaitable[aiohttp.ClientResponse]]
"""Answers with bytes `start` to `end` of the same content, or raises `PreconditionFailed`."""

# Azurite says "0--1/0" of an empty object, which has no range.
_COVERED: Final = re.compile(r"bytes\s+(\d+)-(-?\d+)/(\d+)")


class Announced(NamedTuple):
    """The checksum that the whole object has, by its provider."""

    algorithm: str
    digest: bytes


class Download:
    """An async iterator of the chunks of one content, or of a range of it, as they arrive.

    `span` is the range, `(start, end)`, and `size` the whole object's. When the connection breaks
    it goes on from where it was. Two contents are never spliced: `Conflict` says that there is
    another one now, or none. A whole object is compared with the checksum that was `announced`;
    `Corrupt` takes the place of the end.
    """

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        reopen: Opener,
        *,
        retries: Retries,
        announced: Announced | None = None,
        facts: Mapping[str, Any],
    ) -> None:
        self.headers = response.headers
        *span, self.size = covered(response, facts)
        self.span: tuple[int, int] = (span[0], span[1])
        self.announced = announced
        self._at = self.span[0]
        self._response: aiohttp.ClientResponse | None = response
        self._reopen = reopen
        self._retries = retries
        is_whole = response.status != 206
        self._digester = digester(announced.algorithm) if announced and is_whole else None
        self._facts = facts
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

    async def aclose(self) -> None:
        """Let go of the connection. Harmless when repeated."""
        self._closed = True
        self._let_go()

    async def _chunk(self) -> bytes:
        """The next bytes; none when the connection broke and there is a new one."""
        try:
            if self._response is None:
                self._response = await self._resumed()
            chunk: bytes = await self._response.content.readany()
            if not chunk:
                raise aiohttp.ClientPayloadError("the body ended early")
        except (TimeoutError, aiohttp.ClientError) as error:
            await self._recover(error)
            return b""
        self._failures = 0
        self._at += len(chunk)
        if self._digester is not None:
            self._digester.update(chunk)
        return chunk

    async def _recover(self, error: Exception) -> None:
        """Wait a little, unless too many attempts in a row brought nothing."""
        self._drop()
        self._failures += 1
        wait = self._retries.wait(self._failures, None)
        if wait is None:
            raise broken(error, self._facts, changes=False).error from error
        await self._retries.sleep(wait)

    async def _resumed(self) -> aiohttp.ClientResponse:
        wanted = (self._at, self.span[1])
        try:
            response = await self._reopen(*wanted)
        except (PreconditionFailed, BlobNotFound) as error:
            raise Conflict("The object changed while it was read.", **error.facts) from error
        if covered(response, self._facts)[:2] != wanted:
            response.close()
            raise StoreError("The server did not go on from where it was.", **self._facts)
        return response

    def _verify(self) -> None:
        if self.announced is None or self._digester is None:
            return
        algorithm, expected = self.announced
        actual = self._digester.digest()
        if actual != expected:
            raise Corrupt(
                "The bytes that came are not those of the object's checksum.",
                **self._facts,
                algorithm=algorithm,
                expected=expected.hex(),
                actual=actual.hex(),
            )

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


def covered(response: aiohttp.ClientResponse, facts: Mapping[str, Any]) -> tuple[int, int, int]:
    """The first byte, the one beyond the last, and the object's size (RFC 9110, 14.4)."""
    if response.status == 206:
        found = _COVERED.match(response.headers.get("content-range", ""))
        if found is not None:
            return int(found[1]), int(found[2]) + 1, int(found[3])
    elif response.content_length is not None:
        return 0, response.content_length, response.content_length
    response.close()
    raise StoreError("The answer does not say which bytes it has.", **facts)
