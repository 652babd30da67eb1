"""Listing what a bucket holds, page by page."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime

from holdall.client.place import Place
from holdall.client.values.entry import BlobCommonPrefix, BlobObject, blob_of, entry_of

PAGE = 1000


async def list_entries(
    place: Place, *, delimiter: str = "", limit: int | None = None, at: datetime | None = None
) -> AsyncGenerator[BlobObject | BlobCommonPrefix, None]:
    """At most `limit` entries whose keys begin with the place's key, in byte order.

    No page is held open between two entries, so a listing may be left or take hours.
    """
    after, left = "", limit
    while left is None or left > 0:
        page = await place.backend.list(
            place.bucket.id,
            prefix=place.key,
            delimiter=delimiter,
            after=after,
            limit=PAGE if left is None else min(PAGE, left),
            at=at,
        )
        for entry in page.entries:
            yield entry_of(place.bucket, entry)
        if page.after is None:
            return
        after = page.after
        left = None if left is None else left - len(page.entries)


async def list_revisions(place: Place) -> AsyncGenerator[BlobObject, None]:
    """Every revision of the place's key, newest first, delete markers included."""
    after: int | None = None
    while page := await place.backend.revisions(
        place.bucket.id, place.key, after=after, limit=PAGE
    ):
        for revision in page:
            yield blob_of(place.bucket, revision)
        after = page[-1].number


async def holds_any(place: Place, *, at: datetime | None = None) -> bool:
    """Whether any key begins with the place's key."""
    page = await place.backend.list(place.bucket.id, prefix=place.key, limit=1, at=at)
    return bool(page.entries)
