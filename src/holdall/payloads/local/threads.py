"""Calls that block, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
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
        return asyncio.wrap_future(self.submit(call, *args))

    def submit(self, call: Callable[[*Ts], T], /, *args: *Ts) -> Future[T]:
        """Begin a call whose end costs the event loop nothing unless it waits for it, with
        `done`."""
        if self._closed:
            raise Closed("the payload store is closed")
        return self._pool.submit(call, *args)

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


async def done(job: Future[Any]) -> None:
    """Wait until it is done; its error stays in it. A cancelled caller leaves it alone."""
    if job.done():
        return
    loop = asyncio.get_running_loop()
    waiter = loop.create_future()

    def wake(_: Future[Any]) -> None:
        with suppress(RuntimeError):  # the loop is closed, nobody waits
            loop.call_soon_threadsafe(_release, waiter)

    job.add_done_callback(wake)
    await waiter


def _release(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
