"""What the server does beside answering: now and then, each task by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
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
