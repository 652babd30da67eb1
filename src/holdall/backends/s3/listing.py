"""Pages of current blobs, in the order of their keys' bytes, out of S3's own pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from holdall.backends.s3 import said
from holdall.core.names import MAX_KEY_BYTES
from holdall.core.values import CommonPrefix, Entry, Page
from holdall.s3.client import Listing, S3Client

_LAST: Final = "\U0010ffff"


async def page(
    client: S3Client, bucket: str, prefix: str, delimiter: str, after: str, limit: int
) -> Page:
    """A page of `limit` entries. They say what a listing of S3 says: key, size, entity tag
    and time; nothing of their type, metadata and tags."""
    found: list[Entry] = []
    begun = _begun(after, prefix, delimiter)
    if begun and (await client.list(bucket, prefix=begun, after=after, limit=1)).entries:
        found.append(CommonPrefix(begun))
    start = _beyond(begun or after, prefix, delimiter)
    while len(found) < limit:
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
    return Page(tuple(found), name(found[-1]))


def name(entry: Entry) -> str:
    return entry.prefix if isinstance(entry, CommonPrefix) else entry.key


def merged(some: Listing) -> Iterable[Entry]:
    entries: list[Entry] = [said.listed(entry) for entry in some.entries]
    entries += [CommonPrefix(prefix) for prefix in some.prefixes]
    return sorted(entries, key=lambda entry: name(entry).encode())


def _begun(after: str, prefix: str, delimiter: str) -> str:
    """The common prefix that a key to start after lies below, "" for none. Not every server
    shows what is left of it, so it is asked for by itself."""
    shown = _shown(after, prefix, delimiter)
    return "" if shown == after else shown


def _beyond(after: str, prefix: str, delimiter: str) -> str:
    """What to start after, so that a common prefix that was shown is not shown again.

    S3 goes on with what is under it: only beyond the last key that can begin with it does it
    end.
    """
    if not after or _shown(after, prefix, delimiter) != after:
        return after
    return after + _LAST * ((MAX_KEY_BYTES - len(after.encode())) // len(_LAST.encode()))


def _shown(key: str, prefix: str, delimiter: str) -> str:
    """The common prefix under which a key is shown, itself where it is one, "" for none."""
    rest = key[len(prefix) :]
    if not delimiter or not key.startswith(prefix) or delimiter not in rest:
        return ""
    return prefix + rest[: rest.index(delimiter) + len(delimiter)]
