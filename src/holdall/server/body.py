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

    async def read(self, limit: int) -> bytes:
        """All of it. `MaxMessageLengthExceeded` when it is longer than `limit`."""
        if self.length > limit:
            raise S3Error("MaxMessageLengthExceeded")
        data = b"".join([piece async for piece in self])
        if self.sha256 is not None and _sha256(data) != self.sha256:
            raise S3Error("XAmzContentSHA256Mismatch")
        return data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        held, size = list[bytes](), 0
        async for chunk in self._chunks():
            held.append(chunk)
            size += len(chunk)
            if size >= PIECE:
                yield b"".join(held)
                held, size = [], 0
        self._require_whole()
        if held:
            yield b"".join(held)

    def _require_whole(self) -> None:
        if self._got != self.length:
            raise S3Error("IncompleteBody")

    async def _chunks(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise S3Error("IncompleteBody")
            more = message.get("more_body", False)
            for chunk in self._decoded(message.get("body", b"")):
                self._got += len(chunk)
                if self._got > self.length:
                    raise S3Error("IncompleteBody", "More bytes came than were announced.")
                yield chunk
        if self._decoder is not None:
            self.trailers = self._decoder.finish()

    def _decoded(self, data: bytes) -> list[bytes]:
        if self._decoder is not None:
            return self._decoder.feed(data)
        return [data] if data else []


def _sha256(data: bytes) -> bytes:
    digest = sha256()
    feed((digest,), data)
    return digest.digest()
