"""How much there is to transfer, so that a bar can say how long it takes."""

from __future__ import annotations

import os
from asyncio import to_thread
from collections.abc import Iterable
from contextlib import suppress

from holdall.cli.places import Blob, Local
from holdall.cli.transfer.display import Display
from holdall.cli.transfer.plan import Job
from holdall.client.client import Client
from holdall.core.errors import HoldallError


async def measure(client: Client, jobs: Iterable[Job], display: Display) -> None:
    """Tell the display what to expect; what cannot be measured is left for the transfer to say."""
    for job in jobs:
        with suppress(HoldallError, OSError):
            if isinstance(job.source, Blob):
                await _measure_blob(client, job.source, job.is_directory, display)
            elif isinstance(job.source, Local):
                display.expect(*await to_thread(_size_of, job.source.path))


async def _measure_blob(client: Client, source: Blob, is_directory: bool, display: Display) -> None:
    if not is_directory:
        found = await client.buckets.head_blob(source.bucket, source.key, **source.whose)
        display.expect(1, found.size)
        return
    below = str(source.as_directory())
    async with client.buckets.list_blobs(below, recursive=True, limit=None) as entries:
        async for entry in entries:
            display.expect(1, entry.size)


def _size_of(path: str) -> tuple[int, int]:
    """Files and bytes; links to directories, which could go round in circles, are left out."""
    if not os.path.isdir(path):
        return 1, os.path.getsize(path)
    files = size = 0
    for folder, _, names in os.walk(path):
        files += len(names)
        for name in names:
            with suppress(OSError):
                size += os.path.getsize(os.path.join(folder, name))
    return files, size
