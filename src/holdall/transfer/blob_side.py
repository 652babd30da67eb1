"""What is below a name in a bucket, as one side of a sync."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

from holdall.client.filtering import Filters
from holdall.client.listing import list_entries
from holdall.client.place import Place
from holdall.client.values.entry import BlobObject
from holdall.core.checksums import crc32c
from holdall.core.errors import InvalidKey
from holdall.core.names import encode_key
from holdall.transfer.items import Item, Kind


class BlobSide:
    """`at` is a time: the bucket as it stood then. With `scrub` no checksum is believed.

    `whole`: a directory's marker is a blob as any other, and the root's own is there too, its
    name being empty.
    """

    def __init__(
        self,
        root: Place,
        filters: Filters,
        *,
        at: datetime | None = None,
        scrub: bool = False,
        whole: bool = False,
    ) -> None:
        self.root = root.as_folder()
        self.filters = filters
        self._at = at
        self._scrub = scrub
        self._whole = whole

    @property
    def is_past(self) -> bool:
        """Whether it is as it stood at some time, and not as it is."""
        return self._at is not None

    async def items(self) -> AsyncGenerator[Item, None]:
        """Everything below the root."""
        async with aclosing(list_entries(self.root, at=self._at)) as entries:
            async for entry in entries:
                relative = entry.key.removeprefix(self.root.key)
                if isinstance(entry, BlobObject) and (relative or self._whole):
                    yield self._item(relative, entry)

    def place_of(self, relative: str) -> Place:
        return self.root.at(self.root.key + relative)

    def refuses(self, item: Item) -> str | None:
        """Why it cannot be below the root, or None."""
        try:
            encode_key(self.root.key + item.relative)
        except InvalidKey as error:
            return error.message
        return None

    async def crc32c(self, item: Item) -> int:
        """What is known of it, else what reading it shows."""
        blob, place = item.blob, self.place_of(item.relative)
        version = (blob.version or None) if blob else None
        known = await self._known(place, blob, version)
        if known is not None:
            return int.from_bytes(known, "big")
        crc = 0
        reading = await place.backend.open(place.bucket.id, place.key, revision=version)
        async with reading:
            async for chunk in reading:
                crc = crc32c(chunk, crc)
        return crc

    async def _known(
        self, place: Place, blob: BlobObject | None, version: str | None
    ) -> bytes | None:
        if self._scrub:
            return None
        if blob is not None and (known := blob.checksums.get("crc32c")) is not None:
            return known
        found = await place.backend.head(place.bucket.id, place.key, revision=version)
        return found.checksums.get("crc32c")

    def _item(self, relative: str, blob: BlobObject) -> Item:
        if not self.filters.wants(relative):
            return Item(relative, Kind.EXCLUDED)
        kind = Kind.HOLLOW if blob.is_dir() and not self._whole else Kind.FILE
        told = blob.modified_at
        written = None if told is None else self.root.local_time(told)
        return Item(relative, kind, blob.size, written, blob=blob)
