"""What every transaction keeps while units run: the order of moments, the usage, the events."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from holdall.catalog.tables import clock, events, usage
from holdall.catalog.transaction import Params, Tick, Transaction
from holdall.core.values import Usage


def microseconds() -> int:
    return time.time_ns() // 1000


class Before(NamedTuple):
    """What was counted, and how many events there were, before a unit."""

    usage: dict[int, Usage]
    events: int


class Ledger:
    """Numbers, times and events in memory; the tables get them once, before the COMMIT.

    All that one unit does happens at one time, and no two units share a time, so that a
    look at the past sees each of them wholly or not at all.
    """

    def __init__(self, wall: Callable[[], int] = microseconds) -> None:
        self._wall = wall
        self._last = Tick(0, 0)
        self._usage: dict[int, Usage] = {}
        self._events: list[Params] = []

    def begin(self, last: Tick) -> None:
        self._last = last
        self._usage = {}
        self._events = []

    def begin_unit(self) -> Before:
        """What to give `undo_unit` should the unit fail. Its numbers are not used again."""
        self._last = Tick(self._last.seq, max(self._last.time + 1, self._wall()))
        return Before(self._usage.copy(), len(self._events))

    def undo_unit(self, before: Before) -> None:
        self._usage = before.usage
        del self._events[before.events :]

    def tick(self) -> Tick:
        self._last = Tick(self._last.seq + 1, self._last.time)
        return self._last

    def count(self, bucket: int, delta: Usage) -> None:
        counted = self._usage.get(bucket)
        self._usage[bucket] = delta if counted is None else counted + delta

    def log(self, event: Params) -> None:
        self._events.append(event)

    def settle(self, tx: Transaction, batch: str) -> None:
        events.insert(tx, self._events)
        for bucket, delta in self._usage.items():
            usage.add(tx, bucket, delta)
        clock.write(tx, self._last, batch)
