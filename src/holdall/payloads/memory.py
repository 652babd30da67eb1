"""Payloads in memory, for tests and for stores that end with their process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final

from holdall.core.checksums import BLOCK
from holdall.core.errors import Closed, StoreError
from holdall.payloads.protocol import Check, PayloadInfo, PayloadMissing

CHUNK: Final = 4 * BLOCK


class MemoryPayloads:
    """A `PayloadStore` whose bytes are gone with it. Durable means: remembered."""

    def __init__(self) -> None:
        self._payloads: dict[str, bytes] = {}

    async def begin(self) -> MemoryWriting:
        return MemoryWriting(self._payloads)

    async def read(
        self, id: str, start: int, end: int, check: Check | None = None
    ) -> MemoryReading:
        try:
            return MemoryReading(self._payloads[id], start, end, check)
        except KeyError as error:
            raise PayloadMissing(id) from error

    async def delete(self, ids: Iterable[str]) -> None:
        for id in ids:
            self._payloads.pop(id, None)

    async def list(self) -> AsyncIterator[PayloadInfo]:
        for id, data in tuple(self._payloads.items()):
            yield PayloadInfo(id, len(data))

    async def sweep(self) -> int:
        return 0  # what a dead writer left has died with it

    async def aclose(self) -> None:
        """Nothing is held but memory."""


class MemoryWriting:
    """A `PayloadWriting` that collects chunks."""

    def __init__(self, payloads: dict[str, bytes]) -> None:
        self._payloads = payloads
        self._chunks: list[bytes] = []
        self._over = False

    async def write(self, chunk: bytes) -> None:
        self._demand_open()
        self._chunks.append(chunk)

    async def finish(self, id: str) -> None:
        self._demand_open()
        if id in self._payloads:
            raise StoreError(f"payload {id} exists", path=id)
        self._payloads[id] = b"".join(self._chunks)
        await self.aclose()

    async def aclose(self) -> None:
        self._over = True
        self._chunks.clear()

    def _demand_open(self) -> None:
        if self._over:
            raise Closed("the payload is finished or given up")


class MemoryReading:
    """A `PayloadReading` of bytes that it keeps alive."""

    def __init__(self, data: bytes, start: int, end: int, check: Check | None) -> None:
        self._data = data
        self._check = check
        self._starts = iter(range(start, min(end, len(data)), CHUNK))
        self._end = end
        self._failed: Exception | None = None
        self._over = False

    def __aiter__(self) -> MemoryReading:
        return self

    async def __anext__(self) -> bytes:
        if self._over:
            raise Closed("the reading is closed")
        if self._failed is not None:
            raise self._failed
        start = next(self._starts, None)
        if start is None:
            raise StopAsyncIteration
        return self._checked(self._data[start : min(start + CHUNK, self._end)], start)

    def _checked(self, chunk: bytes, start: int) -> bytes:
        try:
            if self._check is not None:
                self._check(chunk, start)
        except Exception as error:
            self._failed = error
            raise
        return chunk

    async def aclose(self) -> None:
        self._over = True
        self._data = b""
