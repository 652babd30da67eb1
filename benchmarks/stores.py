"""The stores that are measured, each opened on a directory of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from holdall.backends.engine import EngineBackend

BUCKET = "bench"


@asynccontextmanager
async def embedded(path: Path) -> AsyncIterator[EngineBackend]:
    """A store of ours, as an application opens it: durable, versioned, checksummed."""
    backend = await EngineBackend.at(path, owner="bench")
    try:
        if not [record async for record in backend.list_buckets()]:
            await backend.create_bucket(BUCKET)
        yield backend
    finally:
        await backend.aclose()


async def get(backend: EngineBackend, key: str) -> bytes:
    """Look a blob up, read it and verify it."""
    async with await backend.open(BUCKET, key) as reading:
        return await reading.read()
