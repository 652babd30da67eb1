"""A payload on its way out: what arrives, in whole blocks."""

from __future__ import annotations

from typing import Final

from holdall.core.checksums import BLOCK
from holdall.core.errors import Closed
from holdall.payloads.protocol import Check
from holdall.payloads.s3.place import translated
from holdall.s3.client import Download

PIECE: Final = 4 * BLOCK
"""Bytes handed out at once."""


class S3Reading:
    """A `PayloadReading`. Behind it the connection holds back what nobody asks for."""

    def __init__(self, download: Download | None, start: int, check: Check | None) -> None:
        self._download = download
        self._at = start
        self._check = check
        self._held = bytearray()
        self._failed: Exception | None = None
        self._closed = False

    def __aiter__(self) -> S3Reading:
        return self

    async def __anext__(self) -> bytes:
        if self._closed:
            raise Closed("the reading is closed")
        if self._failed is not None:
            raise self._failed
        await self._fill()
        chunk = bytes(self._held[:PIECE])
        if not chunk:
            await self._let_go()
            raise StopAsyncIteration
        self._verify(chunk)
        del self._held[:PIECE]
        self._at += len(chunk)
        return chunk

    async def _fill(self) -> None:
        if self._download is None:
            return
        with translated():
            while len(self._held) < PIECE:
                chunk = await anext(self._download, None)
                if chunk is None:
                    return
                self._held += chunk

    def _verify(self, chunk: bytes) -> None:
        try:
            if self._check is not None:
                self._check(chunk, self._at)
        except Exception as error:
            self._failed = error
            raise

    async def aclose(self) -> None:
        self._closed = True
        self._held.clear()
        await self._let_go()

    async def _let_go(self) -> None:
        download, self._download = self._download, None
        if download is not None:
            await download.aclose()
