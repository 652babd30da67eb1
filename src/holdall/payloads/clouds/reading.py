"""A payload on its way out: what arrives, in whole blocks."""

from __future__ import annotations

from typing import Final, Protocol

from holdall.core.checksums import BLOCK
from holdall.core.errors import Closed
from holdall.payloads.clouds.faults import translated
from holdall.payloads.protocol import Check

PIECE: Final = 4 * BLOCK
"""Bytes handed out at once."""


class Chunks(Protocol):
    """Bytes as they arrive."""

    async def __anext__(self) -> bytes: ...

    async def aclose(self) -> None: ...


class BlockReading:
    """A `PayloadReading`. Behind it the connection holds back what nobody asks for."""

    def __init__(self, chunks: Chunks | None, start: int, check: Check | None) -> None:
        self._chunks = chunks
        self._at = start
        self._check = check
        self._held = bytearray()
        self._failed: Exception | None = None
        self._closed = False

    def __aiter__(self) -> BlockReading:
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
        if self._chunks is None:
            return
        with translated():
            while len(self._held) < PIECE:
                try:
                    self._held += await self._chunks.__anext__()
                except StopAsyncIteration:
                    return

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
        chunks, self._chunks = self._chunks, None
        if chunks is not None:
            await chunks.aclose()
