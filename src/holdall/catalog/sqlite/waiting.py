"""A unit that waits for the writer, and the caller who waits for the unit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from holdall.catalog.transaction import Transaction


class Waiting:
    """One unit on its way through the writer's queue.

    Lives on two threads: the writer fills `result` or `error`, the loop reads them after
    `settle` was scheduled there. `claimed` is decided under the writer's mutex.
    """

    __slots__ = (
        "claimed",
        "committed",
        "error",
        "essential",
        "future",
        "loop",
        "result",
        "settled",
        "unit",
    )

    def __init__(self, unit: Callable[[Transaction], Any], *, essential: bool) -> None:
        self.unit = unit
        self.essential = essential
        self.claimed = self.committed = self.settled = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()

    def settle(self) -> None:
        self.settled = True
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)

    async def outlast(self) -> None:
        """Wait until the unit is over, however often the caller is cancelled."""
        while not self.settled:
            self.future = self.loop.create_future()
            with suppress(Exception, asyncio.CancelledError):
                await self.future


def settle_all(batch: Iterable[Waiting]) -> None:
    """Tell every caller, with one wake-up for each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Waiting]] = {}
    for waiting in batch:
        by_loop.setdefault(waiting.loop, []).append(waiting)
    for loop, theirs in by_loop.items():
        with suppress(RuntimeError):  # that loop is closed: nobody is waiting there
            loop.call_soon_threadsafe(_settle_each, theirs)


def _settle_each(batch: list[Waiting]) -> None:
    for waiting in batch:
        waiting.settle()
