"""Whether the two ends of a copy have the same content."""

from __future__ import annotations

import os
from asyncio import to_thread
from pathlib import Path

from holdall.cli.places import Blob, Local, Place
from holdall.client.client import Client
from holdall.transfer.likeness import crc_of_blob, crc_of_file


async def is_same(client: Client, source: Place, target: Place) -> bool:
    """By size and CRC32C; False where an end is not there, or has no known checksum."""
    first = await _content(client, source)
    return first is not None and first == await _content(client, target)


async def _content(client: Client, named: Place) -> tuple[int, int] | None:
    if isinstance(named, Blob):
        return await crc_of_blob(await client.place(str(named)))
    if not isinstance(named, Local) or not await to_thread(os.path.isfile, named.path):
        return None
    path = Path(named.path)
    return (await to_thread(os.path.getsize, path)), await crc_of_file(path)
