"""Blocking work in a thread, never abandoned half-way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` in a thread. A caller that is cancelled learns of it when `work` is over.

    What the caller cleans up afterwards is then never still being written to.
    """
    call = partial(copy_context().run, work, *args, **kwargs)
    # A future, not the task that `asyncio.to_thread` makes for it: this is done for each file.
    running = asyncio.get_running_loop().run_in_executor(None, call)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        running.exception()
        raise
