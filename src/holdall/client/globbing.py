"""Finding blobs by a pattern."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from holdall.client.listing import list_entries
from holdall.client.place import Place
from holdall.client.values.entry import BlobCommonPrefix, BlobObject
from holdall.core.globs import literal_prefix, translate


async def glob_entries(
    place: Place,
) -> AsyncGenerator[BlobObject | BlobCommonPrefix, None]:
    """Blobs whose keys match the place's key, read as a pattern; in byte order.

    Only keys that begin with the pattern's literal part are looked at.
    """
    matches = translate(place.key)
    async for entry in list_entries(place.at(literal_prefix(place.key))):
        if matches.fullmatch(entry.key):
            yield entry
