"""The body of a request: measured, unpacked from chunks, and checked at its end.

Whatever is wrong with it is raised to whoever reads it, before they can take the end for
the end: a body that is not whole is never stored.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from hashlib import sha256
from typing import Protocol

from holdall.core.checksums import feed
from holdall.s3.errors import S3Error
from holdall.server.request import Receive

PIECE = 1024 * 1024
"""Bytes handed on at once; hashing and writing less is mostly overhead."""


class Decoder(Protocol):
    """What takes a body out of its transfer coding (`holdall.s3.chunked`)."""

    def feed(self, data: bytes) -> list[bytes]: ...

    def finish(self) -> Mapping[str, str]: ...


class Body:
    """An async iterator over the content. `trailers` are known when it has ended."""

    def __init__(
        self,
        receive: Receive,
        length: int,
        *,
        decoder: Decoder | None = None,
        sha256: bytes | None = None,
    ) -> None:
        """`length` is the announced length of the content itself, decoded; `sha256` what its
        digest must be, which `read` verifies and whoever streams it must."""
        self.length = length
        self.sha256 = sha256
        self.trailers: Mapping[str, str] = {}
        self._receive = receive
        self._decoder = decoder
        self._got = 0
        self._ended = False

    async def read(self, limit: int) -> bytes:
        """All of it. `MaxMessageLengthExceeded` when it is longer than `limit`."""
        if self.length > limit:
            raise S3Error("MaxMessageLengthExceeded")
        held = list[bytes]()
        while not self._ended:
            held += await self._next()
        data = b"".join(held)
        if self.sha256 is not None and _sha256(data) != self.sha256:
            raise S3Error("XAmzContentSHA256Mismatch")
        return data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        held, size = list[bytes](), 0
        while not self._ended:
            for chunk in await self._next():
                held.append(chunk)
                size += len(chunk)
            if size >= PIECE:
                yield b"".join(held)
                held, size = [], 0
        if size:
            yield b"".join(held)

    async def _next(self) -> list[bytes]:
        """What comes next of the content. After the last of it, it is known to be whole."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise S3Error("IncompleteBody")
        data = message.get("body", b"")
        found = [data] if self._decoder is None else self._decoder.feed(data)
        self._got += sum(map(len, found))
        if self._got > self.length:
            raise S3Error("IncompleteBody", "More bytes came than were announced.")
        if not message.get("more_body", False):
            self._end()
        return found

    def _end(self) -> None:
        self._ended = True
        if self._decoder is not None:
            self.trailers = self._decoder.finish()
        if self._got != self.length:
            raise S3Error("IncompleteBody")


def _sha256(data: bytes) -> bytes:
    digest = sha256()
    feed((digest,), data)
    return digest.digest()
