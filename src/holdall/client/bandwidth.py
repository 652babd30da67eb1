"""A limit to how many bytes pass in a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

BURST: Final = 0.25
"""Seconds of silence that may be made up for at once."""


class Bandwidth:
    """A token bucket, kept as the time at which the next byte may pass.

    Whoever comes while others wait is served after them. Without a rate nobody waits.
    """

    def __init__(
        self,
        bytes_per_second: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate = bytes_per_second
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0

    async def take(self, count: int) -> None:
        """Return when `count` bytes may have passed."""
        if self._rate is None:
            return
        now = self._clock()
        self._next = max(self._next, now - BURST) + count / self._rate
        if self._next > now:
            await self._sleep(self._next - now)
