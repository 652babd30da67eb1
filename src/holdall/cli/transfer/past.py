"""What a bucket held at a time, or holds now."""

from __future__ import annotations

from datetime import datetime

from holdall.cli.places import Blob
from holdall.client.client import Client
from holdall.client.values.entry import BlobObject


async def found_at(client: Client, named: Blob, at: datetime | None) -> BlobObject | None:
    """The blob of the very name; None where there is none."""
    # The blob of the very name is the first of those that begin with it.
    async with client.buckets.list_blobs(str(named), recursive=True, limit=1, at=at) as entries:
        async for entry in entries:
            if isinstance(entry, BlobObject) and entry.key == named.key:
                return entry
    return None


async def is_directory_at(client: Client, named: Blob, at: datetime | None) -> bool:
    """Whether anything is below the name. A bucket is a directory even when it is empty."""
    if not named.key:
        return await client.buckets.blob_is_dir(str(named))
    below = str(named.as_directory())
    async with client.buckets.list_blobs(below, recursive=True, limit=1, at=at) as entries:
        async for _ in entries:
            return True
    return False
