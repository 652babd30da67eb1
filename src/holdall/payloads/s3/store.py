"""The bucket: what is in it, and what may be done with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta

from holdall.core.errors import BlobNotFound, InvalidArgument, UploadNotFound
from holdall.payloads.clouds.faults import translated
from holdall.payloads.clouds.reading import BlockReading
from holdall.payloads.protocol import Check, PayloadInfo, PayloadMissing
from holdall.payloads.s3.place import ABANDONED, Place
from holdall.payloads.s3.writing import S3Writing
from holdall.s3.client import Download, S3Client, Unfinished


class S3Payloads:
    """A `PayloadStore` in `bucket`, below `prefix`, which is empty or ends with a slash.

    The client becomes the store's own and is closed with it. Durable means what the provider
    means by it. A reading that is under way when its payload is deleted goes on as long as
    the provider lets it: the engine's leases, not the bucket, keep what is being read.

    `abandoned` is the age from which unfinished uploads may be swept; a rule of the bucket
    that aborts them must be no quicker.
    """

    def __init__(
        self,
        client: S3Client,
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

    async def begin(self) -> S3Writing:
        return S3Writing(self._place)

    async def read(self, id: str, start: int, end: int, check: Check | None = None) -> BlockReading:
        return BlockReading(await self._opened(id, start, end), start, check)

    async def _opened(self, id: str, start: int, end: int) -> Download | None:
        """None where the payload is there and nothing of the range is."""
        place, key = self._place, self._place.data + id
        with translated():
            try:
                if end <= start:
                    await place.client.head(place.bucket, key)
                    return None
                return await place.client.get(place.bucket, key, start=start, end=end)
            except BlobNotFound as error:
                raise PayloadMissing(id) from error
            except InvalidArgument as error:
                if error.status != 416:
                    raise
                return None

    async def delete(self, ids: Iterable[str]) -> None:
        place = self._place
        with translated():
            failed = await place.client.delete_many(place.bucket, [place.data + id for id in ids])
            for error in failed.values():
                raise error

    async def list(self) -> AsyncIterator[PayloadInfo]:
        place, start = self._place, len(self._place.data)
        with translated():
            async with aclosing(place.client.each(place.bucket, prefix=place.data)) as entries:
                async for entry in entries:
                    yield PayloadInfo(entry.key[start:], entry.size)

    async def sweep(self) -> int:
        """Remove uploads that were begun, and whose last part came, before `abandoned`."""
        before = self._now() - self._abandoned
        with translated():
            return await self._sweep_uploads(before) + await self._sweep_staged(before)

    async def _sweep_uploads(self, before: datetime) -> int:
        place, count = self._place, 0
        for prefix in (place.data, place.staging):
            found = [each async for each in place.client.each_upload(place.bucket, prefix=prefix)]
            for upload in found:
                if upload.initiated < before and upload.key not in place.living:
                    count += await self._abort_silent(upload, before)
        return count

    async def _abort_silent(self, upload: Unfinished, before: datetime) -> bool:
        """Whether it was silent for long. One that is finished meanwhile is none of ours."""
        place, after = self._place, 0
        with suppress(UploadNotFound):
            while True:
                page = await place.client.list_parts(
                    place.bucket, upload.key, upload.id, after=after
                )
                if any(part.modified >= before for part in page.parts):
                    return False
                if page.after is None:
                    break
                after = page.after
            await place.client.abort_upload(place.bucket, upload.key, upload.id)
            return True
        return False

    async def _sweep_staged(self, before: datetime) -> int:
        place = self._place
        entries = place.client.each(place.bucket, prefix=place.staging)
        old = [each.key async for each in entries if each.modified < before]
        old = [key for key in old if key not in place.living]
        failed = await place.client.delete_many(place.bucket, old)
        return len(old) - len(failed)

    async def aclose(self) -> None:
        await self._place.client.aclose()
