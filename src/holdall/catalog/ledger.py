"""What every transaction keeps while units run: the order of moments, and the usage."""

from __future__ import annotations

import time
from collections.abc import Callable

from holdall.catalog.tables import clock, usage
from holdall.catalog.transaction import Tick, Transaction
from holdall.core.values import Usage


def microseconds() -> int:
    return time.time_ns() // 1000


class Ledger:
    """Numbers and times from memory; the tables get them once, before the COMMIT.

    All that one unit does happens at one time, and no two units share a time, so that a
    look at the past sees each of them wholly or not at all.
    """

    def __init__(self, wall: Callable[[], int] = microseconds) -> None:
        self._wall = wall
        self._last = Tick(0, 0)
        self._usage: dict[int, Usage] = {}

    def begin(self, last: Tick) -> None:
        self._last = last
        self._usage = {}

    def begin_unit(self) -> dict[int, Usage]:
        """What to give `undo_unit` should the unit fail. Its numbers are not used again."""
        self._last = Tick(self._last.seq, max(self._last.time + 1, self._wall()))
        return self._usage.copy()

    def undo_unit(self, before: dict[int, Usage]) -> None:
        self._usage = before

    def tick(self) -> Tick:
        self._last = Tick(self._last.seq + 1, self._last.time)
        return self._last

    def count(self, bucket: int, delta: Usage) -> None:
        counted = self._usage.get(bucket)
        self._usage[bucket] = delta if counted is None else counted + delta

    def settle(self, tx: Transaction, batch: str) -> None:
        for bucket, delta in self._usage.items():
            usage.add(tx, bucket, delta)
        clock.write(tx, self._last, batch)
