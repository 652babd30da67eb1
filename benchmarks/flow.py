"""Large contents on their way in and out, as an application would stream them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from itertools import cycle, islice

from benchmarks.scale import MIB
from benchmarks.stores import BUCKET
from holdall.backends.engine import EngineBackend


def made(size: int) -> list[bytes]:
    """So many bytes that nothing can compress, in chunks of 1 MiB."""
    return [os.urandom(MIB) for _ in range(size // MIB)]


async def flowing(buffer: Sequence[bytes], size: int) -> AsyncIterator[bytes]:
    """`size` bytes in chunks of 1 MiB, the buffer over and over: making them costs nothing."""
    for chunk in islice(cycle(buffer), size // MIB):
        yield chunk


async def drain(backend: EngineBackend, key: str) -> int:
    """Read a blob to its end and keep nothing; how many bytes."""
    total = 0
    async with await backend.open(BUCKET, key) as reading:
        async for chunk in reading:
            total += len(chunk)
    return total
