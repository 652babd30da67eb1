"""GridFS as a peer, where a MongoDB listens on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gridfs.asynchronous import AsyncGridFSBucket
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

DATABASE = "holdall_bench"
PATIENCE_MS = 500


class GridFS:
    """Puts that are durable, as ours are: acknowledged after the journal is on the disk."""

    def __init__(self, files: AsyncGridFSBucket) -> None:
        self._files = files

    async def put(self, key: str, data: bytes) -> None:
        await self._files.upload_from_stream(key, data)

    async def get(self, key: str) -> bytes:
        stream = await self._files.open_download_stream_by_name(key)
        return await stream.read()


@asynccontextmanager
async def gridfs() -> AsyncIterator[GridFS | None]:
    """None where nobody answers."""
    client: AsyncMongoClient[Any] = AsyncMongoClient(serverSelectionTimeoutMS=PATIENCE_MS)
    try:
        if not await _answers(client):
            yield None
            return
        database = client.get_database(DATABASE, write_concern=WriteConcern(j=True))
        try:
            yield GridFS(AsyncGridFSBucket(database))
        finally:
            await client.drop_database(DATABASE)
    finally:
        await client.close()


async def _answers(client: AsyncMongoClient[Any]) -> bool:
    try:
        await client.admin.command("ping")
    except PyMongoError:
        return False
    return True
