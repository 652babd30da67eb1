"""Whether a single file or blob is, byte for byte, what another one is."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

from holdall.client.blocks import blocks_of
from holdall.client.place import Place
from holdall.client.stamps import Stamp
from holdall.core.checksums import crc_function
from holdall.core.errors import BlobNotFound


async def crc_of_file(path: Path, *, stamp: Stamp | None = None, algorithm: str = "crc32c") -> int:
    """The checksum of a file, one of `holdall.core.checksums.CRCS`. `Conflict` when it changes
    meanwhile, or is not as `stamp` says."""
    function, crc = crc_function(algorithm), 0
    async with aclosing(blocks_of(path, stamp=stamp)) as blocks:
        async for block in blocks:
            crc = function(block, crc)
    return crc


async def crc_of_blob(place: Place) -> tuple[int, int] | None:
    """The size of a blob and the CRC32C that its store keeps; None where either is unknown."""
    try:
        found = await place.backend.head(place.bucket.id, place.key)
    except BlobNotFound:
        return None
    known = found.checksums.get("crc32c")
    return None if known is None else (found.size, int.from_bytes(known, "big"))
