"""Uploads for the tests of what becomes of their parts."""

from __future__ import annotations

from holdall.backends.engine import EngineBackend
from holdall.core.checksums import digester
from holdall.engine.uploads import EngineUpload

from .stores import LARGE

PIECES = (b"one" * 10, LARGE, b"three")


def digest(name: str, data: bytes) -> bytes:
    whole = digester(name)
    whole.update(data)
    return whole.digest()


async def begun(
    backend: EngineBackend, *checksums: str, pieces: tuple[bytes, ...] = PIECES
) -> EngineUpload:
    upload = await backend.start_upload("box", "k")
    for number, piece in enumerate(pieces, 1):
        await upload.part(number, piece, checksums=dict.fromkeys(checksums))
    return upload
