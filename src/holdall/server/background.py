"""What the server does beside answering: now and then, each task by itself."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

_log = logging.getLogger("holdall.server")

Work = Callable[[], Awaitable[object]]


@asynccontextmanager
async def repeated(work: Work, every: float) -> AsyncIterator[None]:
    """Do `work` every so many seconds while the block lasts.

    What fails is logged and tried again the next time.
    """
    async with running(lambda: _repeat(work, every)):
        yield


@contextmanager
def ending_with_parent() -> Iterator[None]:
    """Stop in order when the process is gone that started this one.

    A worker whose supervisor was killed would go on serving, beside whatever server is started
    next, and nothing would ever stop it.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        yield
        return
    loop, sentinel = asyncio.get_running_loop(), parent.sentinel

    def end() -> None:
        loop.remove_reader(sentinel)
        _log.warning("the process that started this worker is gone: it stops")
        signal.raise_signal(signal.SIGTERM)

    loop.add_reader(sentinel, end)
    try:
        yield
    finally:
        loop.remove_reader(sentinel)


@asynccontextmanager
async def running(work: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run `work` beside the block, and cancel it when that is left."""
    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _repeat(work: Work, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        await _once(work)


async def _once(work: Work) -> None:
    try:
        await work()
    except Exception:
        _log.exception("a background task failed; it will be tried again")
