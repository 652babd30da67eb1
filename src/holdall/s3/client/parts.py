"""A stream of unknown length on its way into one object: whole if small, else in parts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from holdall.core.errors import HoldallError
from holdall.s3.client.client import NONE, S3Client
from holdall.s3.client.values import SentPart, Stored

PART: Final = 8 * 1024 * 1024
"""Bytes of a part, and of the largest object that is sent as a whole."""

GROWTH: Final = 1000
"""After so many parts their size doubles: 10,000 parts (S3's limit) are then 8 TiB."""

MOST_PARTS: Final = 10_000

IN_FLIGHT: Final = 4 * PART
"""Bytes of parts that are being sent, unless a single one is larger."""


class PartsUpload:
    """Takes chunks, sends parts side by side, and holds `IN_FLIGHT` bytes and one part.

    Nothing shows before `complete`; what was not completed is aborted by `aclose`. `headers`
    are those of the object.
    """

    def __init__(
        self, client: S3Client, bucket: str, key: str, headers: Mapping[str, str] = NONE
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._headers = headers
        self._buffer = bytearray()
        self._sent: list[asyncio.Task[SentPart]] = []
        self._in_flight = 0
        self.id: str | None = None
        self.size = 0

    @property
    def is_small(self) -> bool:
        """Whether all bytes so far are in memory."""
        return self.id is None

    @property
    def data(self) -> bytes:
        """The bytes that are not in a part yet."""
        return bytes(self._buffer)

    async def write(self, chunk: bytes) -> None:
        """Append. Raises what an earlier part failed with."""
        self.raise_failed()
        self._buffer += chunk
        self.size += len(chunk)
        while len(self._buffer) > (size := part_size(len(self._sent))):
            await self._send(size)

    async def complete(self, conditions: Mapping[str, str] = NONE) -> Stored:
        """Make the object. `conditions` are headers like `if-none-match`."""
        if self.is_small:
            headers = {**self._headers, **conditions}
            return await self._client.put(self._bucket, self._key, self.data, headers=headers)
        await self._send(len(self._buffer))
        parts = await asyncio.gather(*self._sent)
        assert self.id is not None, "a part was sent"
        stored = await self._client.complete_upload(
            self._bucket, self._key, self.id, parts, headers=conditions
        )
        self.id = None
        return stored

    async def aclose(self) -> None:
        """Forget what was not completed. What cannot be aborted now is left to a sweep."""
        self._buffer.clear()
        for task in self._sent:
            task.cancel()
        await asyncio.gather(*self._sent, return_exceptions=True)
        id, self.id = self.id, None
        if id is not None:
            with suppress(HoldallError):
                await self._client.abort_upload(self._bucket, self._key, id)

    def raise_failed(self) -> None:
        for task in self._sent:
            if task.done():
                task.result()

    async def _send(self, size: int) -> None:
        """Start to send the next part when there is room for it."""
        if self.id is None:
            self.id = await self._client.create_upload(
                self._bucket, self._key, headers=self._headers
            )
        while self._in_flight and self._in_flight + size > IN_FLIGHT:
            await self._one_done()
        data = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        self._in_flight += size
        self._sent.append(asyncio.create_task(self._part(self.id, len(self._sent) + 1, data)))

    async def _part(self, id: str, number: int, data: bytes) -> SentPart:
        try:
            return await self._client.put_part(self._bucket, self._key, id, number, data)
        finally:
            self._in_flight -= len(data)

    async def _one_done(self) -> None:
        pending = [task for task in self._sent if not task.done()]
        await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        self.raise_failed()


def part_size(sent: int) -> int:
    """Bytes of the part after so many."""
    return PART << (sent // GROWTH)
