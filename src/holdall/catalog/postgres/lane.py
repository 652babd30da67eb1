"""A bounded queue with threads of its own, and the callers who wait for their turn."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from holdall.core.errors import Busy, Closed

T = TypeVar("T")

MAX_WAITING = 16_384


class Lane:
    """Runs blocking work away from the event loop, in the order asked for."""

    def __init__(self, name: str, threads: int, place: str) -> None:
        self._place = place
        self._limit = MAX_WAITING
        self._room = threading.BoundedSemaphore(self._limit)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"holdall-{name}")

    async def run(self, work: Callable[[], T]) -> T:
        """A caller who is cancelled leaves at once; work that has begun goes on unheard."""
        return await asyncio.wrap_future(self._submit(work))

    async def run_to_its_end(self, work: Callable[[], T]) -> T:
        """A caller who is cancelled takes back work that has not begun, else sees it out."""
        turn = self._submit(work)
        over = asyncio.wrap_future(turn)
        try:
            await asyncio.wait([over])
        except asyncio.CancelledError:
            if not turn.cancel():
                await _outlast(over)
            raise
        return over.result()

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        if not self._room.acquire(blocking=False):
            raise Busy("Too many calls are waiting.", path=self._place, waiting=self._limit)
        try:
            turn = self._threads.submit(work)
        except RuntimeError as error:
            self._room.release()
            raise Closed("The store is closed.", path=self._place) from error
        turn.add_done_callback(lambda _: self._room.release())
        return turn

    def close(self) -> None:
        """Finish what is waiting, then stop. Blocks."""
        self._threads.shutdown()


async def _outlast(over: asyncio.Future[Any]) -> None:
    """Wait until the work is over, however often the caller is cancelled."""
    while not over.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([over])
    over.exception()  # heard: else asyncio reports that nobody wanted to know
