"""What is sent: bytes in memory, or a stream whose length is known before it begins."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, TypeAlias

from holdall.core.errors import InvalidArgument
from holdall.core.sources import Source, chunks

Chunk: TypeAlias = bytes | memoryview

STEP: Final = 256 * 1024
"""Bytes handed to the transport at once; more would only wait in its buffer."""

_INLINE: Final = 64 * 1024
"""Bytes that are hashed on the event loop: a hop to a thread would take longer."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body of `size` bytes. `replayable` says whether it can be sent a second time.

    `held` are its bytes in pieces, where they are in memory.
    """

    size: int
    open: Callable[[], AsyncIterator[Chunk]]
    held: Sequence[bytes] | None = None
    replayable: bool = False

    @classmethod
    def of(cls, *held: bytes) -> Body:
        """Bytes in memory, in one or several pieces that are never joined."""
        size = sum(map(len, held))
        return cls(size, lambda: _steps(held), held, replayable=True)

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

    @property
    def is_short(self) -> bool:
        """Whether it is handed to the transport at once."""
        return self.held is not None and self.size <= STEP

    async def sha256(self) -> str:
        """Of bytes in memory, in hexadecimal."""
        assert self.held is not None, "a stream is not read before it is sent"
        if self.size <= _INLINE:
            return _sha256(self.held)
        return await asyncio.to_thread(_sha256, self.held)


EMPTY: Final = Body.of(b"")


class Sending:
    """A body on its way: remembers what its source raised, which the transport would hide."""

    def __init__(self, chunks: AsyncIterable[Chunk]) -> None:
        self._chunks = chunks
        self.failed: Exception | None = None

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        try:
            async for chunk in self._chunks:
                yield chunk
        except Exception as error:
            self.failed = error
            raise


def _sha256(held: Sequence[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in held:
        digest.update(piece)
    return digest.hexdigest()


async def _steps(held: Sequence[bytes]) -> AsyncIterator[Chunk]:
    for piece in held:
        view = memoryview(piece)
        for at in range(0, len(view), STEP):
            yield view[at : at + STEP]


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
