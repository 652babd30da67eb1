"""Pages of current blobs, in the order of their keys' bytes, out of S3's own pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from holdall.backends.s3.said import UNVERSIONED
from holdall.core.names import MAX_KEY_BYTES
from holdall.core.values import CommonPrefix, Entry, Page, Revision
from holdall.s3.client import Listed, Listing, S3Client

_LAST: Final = "\U0010ffff"


async def page(
    client: S3Client, bucket: str, prefix: str, delimiter: str, after: str, limit: int
) -> Page:
    """A page of `limit` entries. They say what a listing of S3 says: key, size, entity tag
    and time; nothing of their type, metadata and tags."""
    found: list[Entry] = []
    start = _beyond(after, prefix, delimiter)
    while True:
        some = await client.list(
            bucket,
            prefix=prefix,
            delimiter=delimiter,
            after=start,
            limit=min(limit - len(found), 1000),
        )
        found += merged(some)
        if some.token is None:
            return Page(tuple(found), None)
        start = _beyond(name(found[-1]), prefix, delimiter)
        if len(found) >= limit:
            return Page(tuple(found), name(found[-1]))


def name(entry: Entry) -> str:
    return entry.prefix if isinstance(entry, CommonPrefix) else entry.key


def merged(some: Listing) -> Iterable[Entry]:
    entries: list[Entry] = [revision(entry) for entry in some.entries]
    entries += [CommonPrefix(prefix) for prefix in some.prefixes]
    return sorted(entries, key=lambda entry: name(entry).encode())


def revision(entry: Listed) -> Revision:
    return Revision(
        key=entry.key,
        number=0,
        version=entry.version or UNVERSIONED,
        size=entry.size,
        created_at=entry.modified,
        etag=entry.etag,
        is_marker=entry.is_marker,
        is_current=entry.is_latest,
    )


def _beyond(after: str, prefix: str, delimiter: str) -> str:
    """What to start after, so that a common prefix that was shown is not shown again.

    S3 goes on with what is under it: only beyond the last key that can begin with it does it
    end.
    """
    rest = after[len(prefix) :]
    shown = delimiter and after.startswith(prefix) and rest.find(delimiter) >= 0
    if not shown or rest.index(delimiter) + len(delimiter) != len(rest):
        return after
    return after + _LAST * ((MAX_KEY_BYTES - len(after.encode())) // len(_LAST.encode()))
