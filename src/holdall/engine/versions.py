"""Listings of all revisions and delete markers, the newest of a key first."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

from holdall.catalog.tables import blobs, revisions
from holdall.catalog.tables.blobs import BlobRow, Target
from holdall.catalog.transaction import Reads
from holdall.core.errors import InvalidArgument
from holdall.core.values import CommonPrefix, Entry, Revision, VersionPage
from holdall.engine import records
from holdall.engine.checking import check_limit, encode_text
from holdall.engine.engine import Engine
from holdall.engine.list import MOST, beyond, common_prefix, walk
from holdall.engine.naming import FAR, NULL, bucket_ref, find_bucket

After = tuple[str, str | None]
START: After = ("", None)


async def list_versions(
    engine: Engine,
    bucket: str,
    *,
    prefix: str = "",
    delimiter: str = "",
    after: After = START,
    limit: int = 1000,
) -> VersionPage:
    """A page of all revisions and markers: keys in byte order, the newest first in each.

    `after` is a key and the version id of the last one seen, or None for all of the key; as
    in other listings the key may be a common prefix. A page that follows is not disturbed
    by what was removed or written meanwhile. `InvalidArgument` for what is no version id.
    """
    check_limit(limit)
    ref, start, divider = bucket_ref(bucket), encode_text(prefix), encode_text(delimiter)
    key, number = encode_text(after[0]), _number(after[1])

    def query(reads: Reads) -> tuple[str, list[Entry]]:
        of = find_bucket(reads, ref, engine.owner)
        low, below = beyond(key, start, divider), None
        if after[1] is not None and common_prefix(key, start, divider) is None:
            low, below = key, _null_number(reads, of.id, key) if number is None else number
        fetch = partial(blobs.any_page, reads, of.id)
        found = walk(fetch, start, divider, low, min(MOST, limit + 1))
        entries = _expanded(reads, found, key, below, limit + 1)
        return of.owner, list(islice(entries, limit + 1))

    owner, entries = await engine.catalog.scan(query)
    more, entries = len(entries) > limit, entries[:limit]
    return VersionPage(tuple(entries), _place(entries[-1]) if more else None, owner)


def _place(entry: Entry) -> After:
    return (entry.prefix, None) if isinstance(entry, CommonPrefix) else (entry.key, entry.version)


def _number(version: str | None) -> int | None:
    if version is None or version == NULL:
        return None
    number = records.number_in(version)
    if number is None or not 0 <= number <= FAR:
        raise InvalidArgument(f"{version!r} is no version id.", actual=version)
    return number


def _null_number(reads: Reads, bucket: int, key: bytes) -> int:
    """Where the null version stands; beyond all others where there is none any more."""
    blob = blobs.find(reads, bucket, key)
    null = blob and revisions.null_of(reads, blob.chain)
    return null.number if null else FAR


def _expanded(
    reads: Reads,
    found: Iterator[tuple[bytes, Target] | CommonPrefix],
    key: bytes,
    below: int | None,
    limit: int,
) -> Iterator[Entry]:
    """Each blob's revisions in its place; those of `key` only below that number."""
    for one in found:
        if isinstance(one, CommonPrefix):
            yield one
            continue
        name, (blob, current) = one[0].decode(), one[1]
        assert blob is not None, "it was found through it"
        assert current is not None, "it was joined to it"
        if below is not None and one[0] == key:
            yield from _history(reads, name, blob, below, limit)
        else:
            yield records.revision(name, current)
            if blob.current > 0:  # most have no other, and then nobody has to look
                yield from _history(reads, name, blob, blob.current, limit)


def _history(reads: Reads, name: str, blob: BlobRow, below: int, limit: int) -> Iterator[Revision]:
    """The revisions of a blob below a number."""
    size = min(limit, MOST)
    while rows := revisions.history(reads, blob.chain, below, size):
        for row in rows:
            yield records.revision(name, row, is_current=row.number == blob.current)
        below = rows[-1].number
        if len(rows) < size or below == 0:
            return
