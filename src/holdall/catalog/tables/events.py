"""`events`: every change, in the order of commits."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from holdall.catalog.transaction import Reads, Tick, Transaction


class Kind(IntEnum):
    """What happened; stored, so a number never changes its meaning."""

    WRITTEN = 1  # a new revision
    DELETED = 2  # a delete marker
    REMOVED = 3  # one revision, for good
    TAGGED = 4
    BUCKET_CREATED = 5
    BUCKET_CHANGED = 6
    BUCKET_DELETED = 7


class EventRow(NamedTuple):
    seq: int
    time: int
    kind: int
    bucket: int
    key: bytes | None
    number: int | None
    size: int | None
    actor: str


def log(
    tx: Transaction,
    tick: Tick,
    kind: Kind,
    bucket: int,
    actor: str,
    key: bytes | None = None,
    number: int | None = None,
    size: int | None = None,
) -> None:
    tx.run(
        "INSERT INTO events (seq, time, kind, bucket, key, number, size, actor)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*tick, int(kind), bucket, key, number, size, actor),
    )


def page(reads: Reads, after: int, limit: int) -> list[EventRow]:
    rows = reads.all(
        "SELECT seq, time, kind, bucket, key, number, size, actor FROM events"
        " WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, limit),
    )
    return [EventRow(*row) for row in rows]


def moment_of(reads: Reads, time: int) -> int:
    """The last moment whose time is not after `time`: a binary search, for times never fall."""
    low, high = 0, _last(reads)
    while low < high:
        middle = (low + high + 1) // 2
        found = _at_or_before(reads, middle)
        if found is None or found[1] <= time:
            low = middle
        else:
            high = found[0] - 1
    return low


def _last(reads: Reads) -> int:
    row = reads.one("SELECT max(seq) FROM events")
    return int(row[0] or 0) if row else 0


def _at_or_before(reads: Reads, seq: int) -> tuple[int, int] | None:
    row = reads.one("SELECT seq, time FROM events WHERE seq <= ? ORDER BY seq DESC LIMIT 1", (seq,))
    return (int(row[0]), int(row[1])) if row else None
