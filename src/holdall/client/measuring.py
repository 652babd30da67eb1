"""How much a bucket holds, with what is known of it on the way."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable

from holdall.client.place import Place
from holdall.client.values.usage import BucketUsage, usage_of
from holdall.core.values import CommonPrefix, Entry, Usage

PAGE = 1000


async def totals(place: Place) -> AsyncGenerator[BucketUsage, None]:
    """Running totals; the last one is whole. Once where the store keeps account."""
    able = place.backend.capabilities
    if able.kept_usage:
        yield usage_of(await place.backend.usage(place.bucket.id))
        return
    after: str | None = ""
    total = Usage()
    while after is not None:
        page = await place.backend.list(place.bucket.id, after=after, limit=PAGE)
        total, after = total + _usage(page.entries), page.after
        yield usage_of(total)
    if able.versions:  # what is not current is only known when all of that was looked at too
        yield usage_of(await place.backend.usage(place.bucket.id))


def _usage(entries: Iterable[Entry]) -> Usage:
    sizes = [entry.size for entry in entries if not isinstance(entry, CommonPrefix)]
    return Usage(len(sizes), sum(sizes), len(sizes), sum(sizes))
