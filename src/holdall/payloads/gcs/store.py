"""The bucket: what is in it, and what may be done with it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Final

from holdall.core.errors import BlobNotFound, InvalidArgument
from holdall.payloads.clouds.download import Download
from holdall.payloads.clouds.faults import translated
from holdall.payloads.clouds.reading import BlockReading
from holdall.payloads.clouds.removal import each_removed
from holdall.payloads.gcs.client import GcsClient, Resource, moment
from holdall.payloads.gcs.writing import GcsWriting, Place
from holdall.payloads.protocol import Check, PayloadInfo, PayloadMissing

ABANDONED: Final = timedelta(days=1)
"""How long a writer may be silent before what it left unfinished is swept."""


class GcsPayloads:
    """A `PayloadStore` in `bucket`, below `prefix`, which is empty or ends with a slash.

    The client becomes the store's own and is closed with it. Durable means what the bucket's
    location means by it. What a writer that died had sent Google forgets after a week; what it
    had put together is swept when it is older than `abandoned`. A bucket that keeps versions
    or deleted objects keeps payloads too.
    """

    def __init__(
        self,
        client: GcsClient,
        bucket: str,
        prefix: str = "",
        *,
        abandoned: timedelta = ABANDONED,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if prefix and (prefix.startswith("/") or not prefix.endswith("/")):
            raise InvalidArgument("a prefix ends with a slash and begins without", actual=prefix)
        self._place = Place(client, bucket, prefix)
        self._abandoned = abandoned
        self._now = now

    async def begin(self) -> GcsWriting:
        return GcsWriting(self._place)

    async def read(self, id: str, start: int, end: int, check: Check | None = None) -> BlockReading:
        return BlockReading(await self._opened(id, start, end), start, check)

    async def _opened(self, id: str, start: int, end: int) -> Download | None:
        """None where the payload is there and nothing of the range is."""
        place, key = self._place, self._place.data + id
        with translated():
            try:
                found = await place.client.found(place.bucket, key)
                if end <= start or start >= int(found["size"]):
                    return None
                return await place.client.get(place.bucket, found, start=start, end=end)
            except BlobNotFound as error:
                raise PayloadMissing(id) from error

    async def delete(self, ids: Iterable[str]) -> None:
        with translated():
            await each_removed((self._place.data + id for id in ids), self._place.forget)

    async def list(self) -> AsyncIterator[PayloadInfo]:
        async for found in self._each(self._place.data):
            yield PayloadInfo(found["name"][len(self._place.data) :], int(found["size"]))

    async def _each(self, prefix: str) -> AsyncGenerator[Resource, None]:
        place = self._place
        with translated():
            async with aclosing(place.client.pages(place.bucket, {"prefix": prefix})) as pages:
                async for page in pages:
                    for found in page.get("items", ()):
                        yield found

    async def sweep(self) -> int:
        """Remove what was put together before `abandoned`, and never got its name."""
        before, place = self._now() - self._abandoned, self._place
        old = [
            found["name"]
            async for found in self._each(place.staging)
            if moment(found["timeCreated"]) < before and found["name"] not in place.living
        ]
        with translated():
            return await each_removed(old, place.forget)

    async def aclose(self) -> None:
        await self._place.client.aclose()
