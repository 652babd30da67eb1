"""How much a bucket or a directory in one holds."""

from __future__ import annotations

from holdall.cli.places import Blob
from holdall.client.client import Client
from holdall.client.values.usage import BucketUsage
from holdall.core.errors import BlobNotFound


async def usage_of(client: Client, named: Blob) -> BucketUsage:
    """The usage of what a URI names; of a directory its current blobs, which are listed."""
    return await (usage_below(client, named) if named.key else usage_of_bucket(client, named))


async def usage_of_bucket(client: Client, named: Blob) -> BucketUsage:
    """The last and whole one of the running totals."""
    usage = BucketUsage(0, 0)
    async with client.buckets.get_disk_usage(named.bucket, **named.whose) as totals:
        async for total in totals:
            usage = total
    return usage


async def usage_below(client: Client, named: Blob) -> BucketUsage:
    """Current blobs below a name, and the one of the very name. `BlobNotFound` for none."""
    count = size = 0
    async with client.buckets.list_blobs(str(named), recursive=True, limit=None) as entries:
        async for entry in entries:
            if entry.key == named.key or entry.key.startswith(named.as_directory().key):
                count += 1
                size += entry.size
    if not count:
        raise BlobNotFound(f"there is no {named}", bucket=named.bucket, key=named.key)
    return BucketUsage(size, count)
