"""How everything here is timed: in turns, after a round to warm up, by the median."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")

Side = Callable[[], Awaitable[float]]
"""Does its work once, and gives the rate at which it did."""

TASKS = 16
"""How many ask at once, where a figure is about concurrent callers."""


async def medians(sides: Mapping[str, Side], repeats: int) -> dict[str, float]:
    """The median rate of each side. Every round all have their turn, each round another first.

    What others left to be written is written before a turn, so that nobody pays for it.
    """
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(repeats + 1):
        for name in _rotated(list(sides), turn):
            await asyncio.to_thread(os.sync)
            found = await sides[name]()
            if turn:  # the first round only warms up
                rates[name].append(found)
    return {name: median(found) for name, found in rates.items()}


def _rotated(names: Sequence[str], by: int) -> list[str]:
    by %= len(names)
    return [*names[by:], *names[:by]]


async def rate(amount: float, work: Awaitable[object]) -> float:
    """`amount` for each second that `work` takes."""
    start = perf_counter()
    await work
    return amount / (perf_counter() - start)


async def by_tasks(
    items: Iterable[T], call: Callable[[T], Awaitable[object]], tasks: int = TASKS
) -> None:
    """Call once for each item, so many at a time."""
    left = iter(items)

    async def work() -> None:
        for item in left:
            await call(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(tasks):
            group.create_task(work())


async def by_threads(items: Sequence[T], call: Callable[[T], object], threads: int) -> None:
    """The same with calls that block."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(threads) as pool:
        shares = [items[number::threads] for number in range(threads)]
        await asyncio.gather(*(loop.run_in_executor(pool, _each, share, call) for share in shares))


def _each(items: Sequence[T], call: Callable[[T], object]) -> None:
    for item in items:
        call(item)
