"""The feed of events: pages of what happened, and waiting for what will."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from holdall.core.values import EventPage
from holdall.engine import events
from holdall.engine.engine import Engine

POLL: Final = 0.5
"""Seconds between two looks for what other processes wrote, while somebody waits."""
AT_ONCE: Final = 100
"""Events of a page: what a listener holds in memory, however far it is behind."""
SILENCE: Final = 30
"""Looks after which an empty page says that the connection lives."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which events: those of one bucket, by its id, and of keys that begin with `prefix`."""

    bucket: str | None = None
    prefix: str = ""


class Feed:
    """One for a process. Nobody who listens holds a queue: each reads on from where it was,
    so that a slow one costs no memory and none misses anything."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """Something was written by this process."""
        self._changed.set()

    async def latest(self) -> int:
        return await events.latest(self._engine)

    async def pages(self, wish: Wish, after: int) -> AsyncIterator[EventPage]:
        """Pages without end, empty ones too when time has passed. `HistoryGone`."""
        while True:
            page = await events.page(
                self._engine, after=after, limit=AT_ONCE, bucket=wish.bucket, prefix=wish.prefix
            )
            yield page
            after = page.after
            if not page.more:
                await self.changed(after)

    async def changed(self, after: int) -> None:
        """Return when there is an event after that, or when a sign of life is due."""
        for _ in range(SILENCE):
            if await self.latest() > after:
                return
            changed = self._changed
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await changed.wait()
            self._renew(changed)

    def _renew(self, changed: asyncio.Event) -> None:
        """All who waited have been let go; who waits next, waits for something new."""
        if changed is self._changed and changed.is_set():
            self._changed = asyncio.Event()
