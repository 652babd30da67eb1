"""The container: what is in it, and what may be done with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from azure.storage.blob import BlobProperties

from holdall.core.errors import BlobNotFound, InvalidArgument
from holdall.payloads.azure.client import AzureClient
from holdall.payloads.azure.failures import translated as azure
from holdall.payloads.azure.writing import AzureWriting, Place
from holdall.payloads.clouds.download import Download
from holdall.payloads.clouds.faults import translated
from holdall.payloads.clouds.reading import BlockReading
from holdall.payloads.clouds.removal import each_removed
from holdall.payloads.protocol import Check, PayloadInfo, PayloadMissing

ABANDONED: Final = timedelta(days=1)
"""How long a writer may be silent before what it left unfinished is swept."""


class AzurePayloads:
    """A `PayloadStore` in `container`, below `prefix`, which is empty or ends with a slash.

    The client becomes the store's own and is closed with it. Durable means what the account's
    redundancy means by it. What a writer that died left in blocks Azure forgets within a week;
    what it had put together is swept when it is older than `abandoned`.
    """

    def __init__(
        self,
        client: AzureClient,
        container: str,
        prefix: str = "",
        *,
        abandoned: timedelta = ABANDONED,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if prefix and (prefix.startswith("/") or not prefix.endswith("/")):
            raise InvalidArgument("a prefix ends with a slash and begins without", actual=prefix)
        self._place = Place(client, container, prefix)
        self._abandoned = abandoned
        self._now = now

    async def begin(self) -> AzureWriting:
        return AzureWriting(self._place)

    async def read(self, id: str, start: int, end: int, check: Check | None = None) -> BlockReading:
        return BlockReading(await self._opened(id, start, end), start, check)

    async def _opened(self, id: str, start: int, end: int) -> Download | None:
        """None where the payload is there and nothing of the range is."""
        place, key = self._place, self._place.data + id
        with translated():
            try:
                if end <= start:
                    await place.client.properties(place.container, key)
                    return None
                return await place.client.get(place.container, key, start=start, end=end)
            except BlobNotFound as error:
                raise PayloadMissing(id) from error
            except InvalidArgument as error:
                if error.status != 416:
                    raise
                return None

    async def delete(self, ids: Iterable[str]) -> None:
        with translated():
            await each_removed((self._place.data + id for id in ids), self._place.forget)

    async def list(self) -> AsyncIterator[PayloadInfo]:
        async for blob in self._each(self._place.data):
            yield PayloadInfo(blob.name[len(self._place.data) :], blob.size)

    async def _each(self, prefix: str) -> AsyncIterator[BlobProperties]:
        place = self._place
        with translated(), azure(place.container):
            container = place.client.container(place.container)
            async for blob in container.list_blobs(name_starts_with=prefix):
                yield blob

    async def sweep(self) -> int:
        """Remove what was put together before `abandoned`, and never got its name."""
        before, place = self._now() - self._abandoned, self._place
        old = [
            blob.name
            async for blob in self._each(place.staging)
            if blob.last_modified < before and blob.name not in place.living
        ]
        with translated():
            return await each_removed(old, place.forget)

    async def aclose(self) -> None:
        await self._place.client.aclose()
