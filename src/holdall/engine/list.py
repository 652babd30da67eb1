"""Listings: byte order, common prefixes skipped over and not read, now or as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeVar

from holdall.catalog.tables import blobs, buckets, events
from holdall.catalog.tables.blobs import SummaryRow
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.revisions import RevisionRow
from holdall.catalog.transaction import Reads
from holdall.core.errors import HistoryGone
from holdall.core.values import CommonPrefix, Page, Summary
from holdall.engine import records
from holdall.engine.checking import check_limit, encode_text
from holdall.engine.engine import Engine
from holdall.engine.naming import bucket_ref, find_bucket

MOST = 512
END = b"\xff"
"""Greater than every key: no UTF-8 text holds this byte."""

Row = TypeVar("Row")
Told = TypeVar("Told")
Fetch = Callable[[bytes, bytes, int], list[tuple[bytes, Row]]]
"""Some of what is listed, by key: from the first key, below the second, so many."""


async def list_page(
    engine: Engine,
    bucket: str,
    prefix: str,
    delimiter: str,
    after: str,
    limit: int,
    at: datetime | None,
) -> Page:
    time = None if at is None else records.microseconds_of(at)

    def fetching(reads: Reads, of: BucketRow) -> Fetch[RevisionRow]:
        return _fetch(reads, of, time)

    found = await _page(engine, bucket, prefix, delimiter, after, limit, fetching, records.revision)
    return Page(*found)


async def list_summaries(
    engine: Engine, bucket: str, prefix: str, delimiter: str, after: str, limit: int
) -> tuple[Sequence[Summary | CommonPrefix], str | None]:
    """As `list_page`, told in short: the entries, and the name to go on after, if any."""

    def fetching(reads: Reads, of: BucketRow) -> Fetch[SummaryRow]:
        return lambda low, high, limit: blobs.summaries(reads, of.id, low, high, limit)

    return await _page(engine, bucket, prefix, delimiter, after, limit, fetching, records.summary)


async def _page(
    engine: Engine,
    bucket: str,
    prefix: str,
    delimiter: str,
    after: str,
    limit: int,
    fetching: Callable[[Reads, BucketRow], Fetch[Row]],
    told: Callable[[str, Row], Told],
) -> tuple[tuple[Told | CommonPrefix, ...], str | None]:
    check_limit(limit)
    ref = bucket_ref(bucket)
    start, divider = encode_text(prefix), encode_text(delimiter)
    low = beyond(encode_text(after), start, divider)

    def query(reads: Reads) -> tuple[list[Told | CommonPrefix], str | None]:
        fetch = fetching(reads, find_bucket(reads, ref, engine.owner))
        found = list(islice(walk(fetch, start, divider, low, min(MOST, limit + 1)), limit + 1))
        entries = [
            one if isinstance(one, CommonPrefix) else told(one[0].decode(), one[1])
            for one in found[:limit]
        ]
        return entries, _name(found[limit - 1]) if len(found) > limit else None

    entries, following = await engine.catalog.scan(query)
    return tuple(entries), following


def _name(found: tuple[bytes, Row] | CommonPrefix) -> str:
    return found.prefix if isinstance(found, CommonPrefix) else found[0].decode()


def _fetch(reads: Reads, bucket: BucketRow, time: int | None) -> Fetch[RevisionRow]:
    if time is None:
        return lambda low, high, limit: blobs.page(reads, bucket.id, low, high, limit)
    seq = _moment(reads, bucket, time)
    return lambda low, high, limit: blobs.page_at(reads, bucket.id, low, high, limit, seq)


def _moment(reads: Reads, bucket: BucketRow, time: int) -> int:
    """The last moment not after `time`. `HistoryGone` when the bucket forgot what was then."""
    seq = events.moment_of(reads, time)
    if bucket.versioning == buckets.OFF or seq < bucket.floor:
        raise HistoryGone(
            f"Bucket {bucket.shown} does not remember what it held then.",
            bucket=bucket.shown,
            floor=bucket.floor,
            actual=seq,
        )
    return seq


def walk(
    fetch: Fetch[Row], prefix: bytes, delimiter: bytes, low: bytes, most: int
) -> Iterator[tuple[bytes, Row] | CommonPrefix]:
    """What is fetched and common prefixes in order, from the key `low` on."""
    low, high = max(prefix, low), successor(prefix)
    size = most if not delimiter else 2
    while rows := fetch(low, high, size):
        low = rows[-1][0] + b"\0"
        for key, row in rows:
            common = common_prefix(key, prefix, delimiter)
            if common is not None:
                yield CommonPrefix(common.decode())
                low, size = successor(common), 1
                break
            yield key, row
        else:
            if len(rows) < size:
                return
        size = min(2 * size, most)


def common_prefix(key: bytes, prefix: bytes, delimiter: bytes) -> bytes | None:
    """What `key` shares with others: up to the first delimiter after the prefix."""
    at = key.find(delimiter, len(prefix)) if delimiter else -1
    return key[: at + len(delimiter)] if at >= 0 else None


def beyond(after: bytes, prefix: bytes, delimiter: bytes) -> bytes:
    """The least key that a listing after `after` may show."""
    if not after:
        return b""
    if after.startswith(prefix) and common_prefix(after, prefix, delimiter) == after:
        return successor(after)
    return after + b"\0"


def successor(prefix: bytes) -> bytes:
    """The least string greater than all that start with `prefix`."""
    kept = prefix.rstrip(END)
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else END
