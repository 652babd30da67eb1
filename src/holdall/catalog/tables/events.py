"""`events`: every change, in the order of commits."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import cache
from itertools import chain
from typing import NamedTuple

from holdall.catalog.transaction import Params, Reads, Tick, Transaction


class Kind(IntEnum):
    """What happened; stored, so a number never changes its meaning."""

    WRITTEN = 1  # a new revision
    DELETED = 2  # a delete marker
    REMOVED = 3  # one revision, for good
    TAGGED = 4
    BUCKET_CREATED = 5
    BUCKET_CHANGED = 6
    BUCKET_DELETED = 7
    MARKED = 8  # an ACL, a retention or a hold of one revision


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
    """Written with those of the other units of the transaction, when it is settled."""
    tx.log(EventRow(tick.seq, tick.time, int(kind), bucket, key, number, size, actor))


def insert(tx: Transaction, rows: Sequence[Params]) -> None:
    """In few statements: each may be one more wait for another thread."""
    at = 0
    while at < len(rows):
        count = next(count for count in _AT_ONCE if count <= len(rows) - at)
        tx.run(_insert(count), tuple(chain.from_iterable(rows[at : at + count])))
        at += count


_AT_ONCE = (64, 32, 16, 8, 4, 3, 2, 1)
"""Few kinds of statements, which are prepared once."""


@cache
def _insert(count: int) -> str:
    rows = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?)"] * count)
    return f"INSERT INTO events (seq, time, kind, bucket, key, number, size, actor) VALUES {rows}"


def chosen(
    reads: Reads, after: int, until: int, bucket: int, bounds: tuple[bytes, bytes], limit: int
) -> list[EventRow]:
    """As `page`, up to `until`, of one bucket and of keys from the first bound on, below the
    second; what concerns the bucket itself has no key and always counts."""
    rows = reads.all(
        "SELECT seq, time, kind, bucket, key, number, size, actor FROM events"
        " WHERE seq > ? AND seq <= ? AND bucket = ?"
        " AND (key IS NULL OR (key >= ? AND key < ?)) ORDER BY seq LIMIT ?",
        (after, until, bucket, *bounds, limit),
    )
    return [EventRow(*row) for row in rows]


def first(reads: Reads) -> int:
    """The moment of the oldest event that is kept, 0 without any."""
    row = reads.one("SELECT min(seq) FROM events")
    return int(row[0] or 0) if row else 0


def nth_after(reads: Reads, after: int, count: int) -> int | None:
    """The moment of the event `count` places after `after`; None when there are fewer."""
    row = reads.one(
        "SELECT seq FROM events WHERE seq > ? ORDER BY seq LIMIT 1 OFFSET ?", (after, count - 1)
    )
    return int(row[0]) if row else None


def forget(tx: Transaction, before: int, limit: int) -> int:
    """Delete the oldest events before the moment `before`, about so many; how many."""
    end = nth_after(tx, 0, limit) or before
    return tx.run("DELETE FROM events WHERE seq < ?", (min(end + 1, before),))


def page(reads: Reads, after: int, limit: int) -> list[EventRow]:
    rows = reads.all(
        "SELECT seq, time, kind, bucket, key, number, size, actor FROM events"
        " WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, limit),
    )
    return [EventRow(*row) for row in rows]


def moment_of(reads: Reads, time: int) -> int:
    """The last moment whose time is not after `time`: a binary search, for times never fall."""
    low, high = 0, last(reads)
    while low < high:
        middle = (low + high + 1) // 2
        found = _at_or_before(reads, middle)
        if found is None or found[1] <= time:
            low = middle
        else:
            high = found[0] - 1
    return low


def last(reads: Reads) -> int:
    row = reads.one("SELECT max(seq) FROM events")
    return int(row[0] or 0) if row else 0


def event_before(reads: Reads, time: int) -> int:
    """The moment of the last event whose time is not after `time`, 0 without any."""
    found = _at_or_before(reads, moment_of(reads, time))
    return found[0] if found else 0


def _at_or_before(reads: Reads, seq: int) -> tuple[int, int] | None:
    row = reads.one("SELECT seq, time FROM events WHERE seq <= ? ORDER BY seq DESC LIMIT 1", (seq,))
    return (int(row[0]), int(row[1])) if row else None
