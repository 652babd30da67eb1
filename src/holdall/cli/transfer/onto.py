"""The store of a target that is in another store than the source."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from holdall.client.client import Client, connect


@asynccontextmanager
async def also_open(store: str | None) -> AsyncGenerator[Client | None, None]:
    """A client of the store, which must be there; None where none was named."""
    if store is None:
        yield None
        return
    async with connect(Path(store), create=False) as client:
        yield client
