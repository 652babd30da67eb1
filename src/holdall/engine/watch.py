"""Following what happens in a bucket, whichever process does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import Final

from holdall.core.values import Event, EventPage
from holdall.engine import events
from holdall.engine.engine import Engine

POLL: Final = 0.5
"""Seconds between two looks for what other processes wrote."""


async def watch(
    engine: Engine, bucket: str, prefix: str, after: int | None
) -> AsyncGenerator[Event, None]:
    """Events without end, after the moment `after` or, with None, after this one."""
    start = await events.latest(engine) if after is None else after
    page = partial(events.page, engine, bucket=bucket, prefix=prefix)
    return _follow(page, await page(after=start))


async def _follow(
    page: Callable[..., Awaitable[EventPage]], found: EventPage
) -> AsyncGenerator[Event, None]:
    while True:
        for event in found.events:
            yield event
        if not found.more:
            await asyncio.sleep(POLL)
        found = await page(after=found.after)
