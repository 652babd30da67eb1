"""What is read from a backend, in pieces of a size that is worth a thread."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from holdall.backends.protocol import Reading

BATCH = 1024 * 1024
"""Bytes handed to a thread at a time."""


async def batches(reading: Reading) -> AsyncGenerator[bytes, None]:
    """The bytes in pieces of about `BATCH`, none of them empty."""
    async with aclosing(gathered(reading)) as gathering:
        async for chunks in gathering:
            yield b"".join(chunks)


async def gathered(reading: Reading) -> AsyncGenerator[Sequence[bytes], None]:
    """The same with the chunks as they came, which to join would be to copy."""
    held, size = list[bytes](), 0
    async for chunk in reading:
        held.append(chunk)
        size += len(chunk)
        if size >= BATCH:
            yield held
            held, size = [], 0
    if size:
        yield held
