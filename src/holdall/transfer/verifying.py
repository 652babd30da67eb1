"""Comparing two places, or a place and its manifest, by the checksums of what they hold."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from holdall.client.failures import SURVIVABLE
from holdall.client.scheduling import Scheduler
from holdall.transfer.items import Item, Kind
from holdall.transfer.planning import Pair, merged


class Fault(Enum):
    """What is wrong with one file where it is verified: the second place, or what is held
    against a manifest."""

    MISSING = "missing"
    EXTRA = "extra"
    DIFFERS = "differs"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One file that is not the same in both places."""

    fault: Fault
    relative: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """How many files are the same, and how many are not."""

    same: int
    faults: int


class Comparable(Protocol):
    """A side, or a manifest."""

    def items(self) -> AsyncGenerator[Item, None]: ...

    async def crc32c(self, item: Item) -> int: ...


class Verification:
    """One comparison of what there should be with what there is. Directories are not compared;
    `told` hears of findings as they are made."""

    def __init__(
        self, first: Comparable, second: Comparable, told: Callable[[Finding], None]
    ) -> None:
        self._first = first
        self._second = second
        self._told = told
        self._same = 0
        self._faults = 0

    async def run(self, scheduler: Scheduler) -> Verified:
        await scheduler.files(self._to_compare(), self._compare)
        return Verified(self._same, self._faults)

    async def _to_compare(self) -> AsyncGenerator[tuple[Item, Item], None]:
        """The pairs whose contents decide; the others are told of on the way."""
        first, second = self._first.items(), self._second.items()
        async with aclosing(first), aclosing(second), aclosing(merged(first, second)) as pairs:
            async for pair in pairs:
                if (both := self._both(pair)) is not None:
                    yield both

    def _both(self, pair: Pair) -> tuple[Item, Item] | None:
        first, second = _content(pair.source), _content(pair.target)
        for item in (first, second):
            if item is not None and item.kind is Kind.ODD:
                self._tell(Fault.UNREADABLE, item, item.reason)
                return None
        if first is None or second is None:
            self._tell_alone(first, second)
            return None
        if first.size != second.size:
            self._tell(Fault.DIFFERS, first, f"{second.size} bytes instead of {first.size}")
            return None
        return first, second

    def _tell_alone(self, first: Item | None, second: Item | None) -> None:
        if first is not None:
            self._tell(Fault.MISSING, first, "")
        elif second is not None:
            self._tell(Fault.EXTRA, second, "")

    async def _compare(self, both: tuple[Item, Item]) -> None:
        first, second = both
        try:
            one, other = await self._first.crc32c(first), await self._second.crc32c(second)
        except SURVIVABLE as error:
            self._tell(Fault.UNREADABLE, first, str(error))
            return
        if one == other:
            self._same += 1
        else:
            self._tell(Fault.DIFFERS, first, f"crc32c {other:08x} instead of {one:08x}")

    def _tell(self, fault: Fault, item: Item, detail: str) -> None:
        self._faults += 1
        self._told(Finding(fault, item.relative, detail))


def _content(item: Item | None) -> Item | None:
    """The item where it is a file, or what hides one."""
    if item is None or item.kind in (Kind.FILE, Kind.ODD):
        return item
    return Item(item.relative, Kind.ODD, reason="a link") if item.kind is Kind.LINK else None
