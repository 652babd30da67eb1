"""What happened, in the order of commits: paged by whoever listens, and forgotten in time."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from holdall.catalog.tables import buckets, events
from holdall.catalog.tables.events import EventRow, Kind
from holdall.catalog.transaction import Reads, Transaction
from holdall.core.errors import HistoryGone
from holdall.core.values import Event, EventPage
from holdall.engine import records
from holdall.engine.checking import check_limit, encode_text
from holdall.engine.engine import Engine
from holdall.engine.list import successor
from holdall.engine.naming import bucket_ref, find_bucket

AT_ONCE = 10_000
"""How many events are looked at for one page, however few of them are wanted."""

BATCH = 5000


async def page(
    engine: Engine,
    *,
    after: int = 0,
    limit: int = 1000,
    bucket: str | None = None,
    prefix: str = "",
) -> EventPage:
    """Events after the moment `after`, of one bucket and of keys that start with `prefix`.

    0 begins with the oldest that is kept. `HistoryGone`, whose fact `floor` is that one,
    when some after `after` are forgotten: whoever asks has missed them. A page may hold
    fewer than asked for, even none, though there are more: go on from its `after`.
    """
    check_limit(limit)
    ref = None if bucket is None else bucket_ref(bucket)
    low = encode_text(prefix)
    bounds = low, successor(low)

    def query(reads: Reads) -> EventPage:
        _refuse_forgotten(reads, after)
        until = newest = events.last(reads)
        if ref is None:
            rows = events.page(reads, after, limit + 1)
        else:
            of = find_bucket(reads, ref, engine.owner)
            until = events.nth_after(reads, after, AT_ONCE) or newest
            rows = events.chosen(reads, after, until, of.id, bounds, limit + 1)
        if len(rows) > limit:
            rows = rows[:limit]
            until = rows[-1].seq
        return EventPage(_events(reads, rows), max(after, until), until < newest)

    return await engine.catalog.scan(query)


def _refuse_forgotten(reads: Reads, after: int) -> None:
    first = events.first(reads)
    if 0 < after < first:
        raise HistoryGone("Events after that moment are forgotten.", floor=first, actual=after)


def _events(reads: Reads, rows: list[EventRow]) -> tuple[Event, ...]:
    uids = buckets.uids(reads, sorted({row.bucket for row in rows}))
    return tuple(_event(row, uids) for row in rows)


def _event(row: EventRow, uids: dict[int, str]) -> Event:
    return Event(
        seq=row.seq,
        time=records.moment(row.time),
        kind=Kind(row.kind).name.lower(),
        bucket=uids.get(row.bucket),
        key=None if row.key is None else bytes(row.key).decode(),
        number=row.number,
        size=row.size,
        actor=row.actor,
    )


async def latest(engine: Engine) -> int:
    """The moment of the newest event, 0 without any: whoever starts here misses nothing new."""
    return await engine.catalog.read(events.last)


async def prune(engine: Engine, before: datetime) -> int:
    """Forget events from before a time, in several steps; how many.

    The newest of them stays: it says when what came after it began. No bucket remembers
    what it held before that one, for times are found through events (`at=`).
    """
    time = records.microseconds_of(before)
    keep = await engine.catalog.read(partial(events.event_before, time=time))
    total = 0
    while gone := await engine.catalog.write(partial(_forget, keep=keep), essential=True):
        total += gone
    return total


def _forget(tx: Transaction, keep: int) -> int:
    buckets.raise_every_floor(tx, keep)
    return events.forget(tx, keep, BATCH)
