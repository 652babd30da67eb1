"""A stream of unknown length on its way into numbered parts that are sent side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

Sent = TypeVar("Sent")

PART: Final = 8 * 1024 * 1024
"""Bytes of a part, and of the most that is sent as a whole."""

GROWTH: Final = 1000
"""After so many parts their size doubles: 10,000 parts (S3's limit) are then 8 TiB."""

MOST_PARTS: Final = 10_000

IN_FLIGHT: Final = 4 * PART
"""Bytes of parts that are being sent, unless a single one is larger."""


class Parts(Generic[Sent]):
    """Takes chunks, sends parts, and holds `IN_FLIGHT` bytes and one part.

    `send` is given a part's number, 1 being the first, and its bytes; it is not called before
    there are more than `PART` bytes, or `flush`.
    """

    def __init__(self, send: Callable[[int, bytes], Awaitable[Sent]]) -> None:
        self._send_part = send
        self._buffer = bytearray()
        self._sent: list[asyncio.Task[Sent]] = []
        self._in_flight = 0
        self.size = 0

    @property
    def count(self) -> int:
        """How many parts were begun; none while all bytes are in memory."""
        return len(self._sent)

    @property
    def held(self) -> bytes:
        """The bytes that are not in a part yet."""
        return bytes(self._buffer)

    async def write(self, chunk: bytes) -> None:
        """Append. Raises what an earlier part failed with."""
        self.raise_failed()
        self._buffer += chunk
        self.size += len(chunk)
        while len(self._buffer) > (size := part_size(len(self._sent))):
            await self._send(size)

    async def flush(self) -> list[Sent]:
        """Send the rest as the last part, and wait for all of them."""
        await self._send(len(self._buffer))
        return await asyncio.gather(*self._sent)

    async def aclose(self) -> None:
        """Stop sending. Harmless when repeated."""
        self._buffer.clear()
        for task in self._sent:
            task.cancel()
        await asyncio.gather(*self._sent, return_exceptions=True)

    def raise_failed(self) -> None:
        for task in self._sent:
            if task.done():
                task.result()

    async def _send(self, size: int) -> None:
        """Start to send the next part when there is room for it."""
        while self._in_flight and self._in_flight + size > IN_FLIGHT:
            await self._one_done()
        data = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        self._in_flight += size
        self._sent.append(asyncio.create_task(self._part(len(self._sent) + 1, data)))

    async def _part(self, number: int, data: bytes) -> Sent:
        try:
            return await self._send_part(number, data)
        finally:
            self._in_flight -= len(data)

    async def _one_done(self) -> None:
        pending = [task for task in self._sent if not task.done()]
        await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        self.raise_failed()


def part_size(sent: int) -> int:
    """Bytes of the part after so many."""
    return PART << (sent // GROWTH)
