"""The same work on many items, a bounded number of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

T = TypeVar("T")

AT_ONCE = 16
"""How many files a directory transfer has in flight."""


async def each(
    items: AsyncGenerator[T, None],
    work: Callable[[T], Coroutine[Any, Any, None]],
    *,
    at_once: int = AT_ONCE,
) -> None:
    """Do `work` on every item. The first error cancels the rest and is raised as it is.

    Items are drawn only as fast as work is done, so a long listing is never held whole.
    """
    slots = asyncio.Semaphore(at_once)
    try:
        async with aclosing(items), asyncio.TaskGroup() as group:
            async for item in items:
                await slots.acquire()
                group.create_task(work(item)).add_done_callback(lambda _: slots.release())
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
