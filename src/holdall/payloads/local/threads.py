"""Calls that block, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, TypeVarTuple

from holdall.core.errors import Closed

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Threads:
    """A few threads for calls that block, started when they are needed."""

    def __init__(self, count: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(count, name)
        self._closed = False

    def start(self, call: Callable[[*Ts], T], /, *args: *Ts) -> asyncio.Future[T]:
        """Begin a call. Whoever gives it something to use waits for its end with `over`."""
        if self._closed:
            raise Closed("the payload store is closed")
        return asyncio.get_running_loop().run_in_executor(self._pool, call, *args)

    async def run(self, call: Callable[[*Ts], T], /, *args: *Ts) -> T:
        job = self.start(call, *args)
        await over(job)
        return job.result()

    async def aclose(self) -> None:
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown)


async def over(*jobs: asyncio.Future[Any]) -> None:
    """Wait until all are done; their errors stay in them.

    A cancelled caller still waits, and is cancelled then: a thread cannot be stopped, and
    it uses what the caller is about to close.
    """
    cancelled: asyncio.CancelledError | None = None
    while running := [job for job in jobs if not job.done()]:
        try:
            await asyncio.wait(running)
        except asyncio.CancelledError as error:
            cancelled = error
    for job in jobs:
        job.exception()  # seen: asyncio complains about errors that nobody looked at
    if cancelled is not None:
        raise cancelled
