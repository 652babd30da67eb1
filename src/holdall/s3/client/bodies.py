"""What is sent: bytes, or a stream whose length is known before it begins."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from holdall.core.errors import InvalidArgument
from holdall.core.sources import Source, chunks

STEP: Final = 256 * 1024
"""Bytes handed to the transport at once; more would only wait in its buffer."""

_INLINE: Final = 64 * 1024
"""Bytes that are hashed on the event loop: a hop to a thread would take longer."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body of `size` bytes. `replayable` says whether it can be sent a second time."""

    size: int
    open: Callable[[], AsyncIterator[bytes]]
    data: bytes | None = None
    replayable: bool = False

    @classmethod
    def of(cls, data: bytes) -> Body:
        return cls(len(data), lambda: _pieces(data), data, replayable=True)

    @classmethod
    def file(cls, descriptor: int, size: int) -> Body:
        """The first bytes of an open file, which stays as it is until the request is done."""
        return cls(size, lambda: _from_file(descriptor, size), replayable=True)

    @classmethod
    def stream(cls, source: Source, size: int) -> Body:
        """A source that is read once, and that must give exactly `size` bytes.

        `InvalidArgument` when it does not; what it raises itself comes out of the request.
        """
        return cls(size, lambda: _exactly(source, size))

    async def sha256(self) -> str:
        """Of bytes in memory, in hexadecimal."""
        assert self.data is not None, "a stream is not read before it is sent"
        if self.size <= _INLINE:
            return hashlib.sha256(self.data).hexdigest()
        digest = await asyncio.to_thread(hashlib.sha256, self.data)
        return digest.hexdigest()


EMPTY: Final = Body.of(b"")


class Sending:
    """A body on its way: remembers what its source raised, which the transport would hide."""

    def __init__(self, chunks: AsyncIterable[bytes]) -> None:
        self._chunks = chunks
        self.failed: Exception | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._chunks:
                yield chunk
        except Exception as error:
            self.failed = error
            raise


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    view = memoryview(data)
    for at in range(0, len(data), STEP):
        yield bytes(view[at : at + STEP])


async def _from_file(descriptor: int, size: int) -> AsyncIterator[bytes]:
    at = 0
    while at < size:
        chunk = await asyncio.to_thread(os.pread, descriptor, min(STEP, size - at), at)
        if not chunk:
            raise InvalidArgument(f"the file ends after {at} of {size} bytes", expected=size)
        yield chunk
        at += len(chunk)


async def _exactly(source: Source, size: int) -> AsyncIterator[bytes]:
    left = size
    async with aclosing(chunks(source)) as stream:  # type: ignore[type-var]
        async for chunk in stream:
            left -= len(chunk)
            if left < 0:
                raise InvalidArgument(f"the source gives more than {size} bytes", expected=size)
            yield chunk
    if left:
        actual = size - left
        raise InvalidArgument(
            f"the source ends after {actual} of {size} bytes", expected=size, actual=actual
        )
