"""The one scheduler of all transfers: how much at once, how fast, and how often again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from contextlib import aclosing, nullcontext
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from holdall.client.bandwidth import Bandwidth
from holdall.client.concurrently import AT_ONCE, each
from holdall.client.patience import Patience
from holdall.client.reporting import Reporter
from holdall.core.errors import InvalidArgument

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Limits:
    """`files` of one transfer at once, `parts` of one file, and `requests` over all of them,
    apart from those of small files: many of these may travel together.

    `bytes_per_second` None is as fast as it goes. `InvalidArgument` for what is not positive.
    """

    files: int = 64
    parts: int = 4
    requests: int = AT_ONCE
    bytes_per_second: float | None = None
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        counts = (self.files, self.parts, self.requests, self.patience.attempts)
        rate = self.bytes_per_second
        if min(counts) < 1 or (rate is not None and rate <= 0):
            raise InvalidArgument("limits are positive", actual=self)


class Scheduler:
    """Shared by everything that shall stay within the same limits together.

    A file waits for its parts, a part for nobody: so files, parts and requests are counted
    apart, and none waits for a place that it holds itself.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._limits = limits or Limits()
        self._sleep = sleep
        self._requests = asyncio.Semaphore(self._limits.requests)
        self._bandwidth = Bandwidth(self._limits.bytes_per_second, clock=clock, sleep=sleep)

    async def files(
        self, items: AsyncGenerator[T, None], work: Callable[[T], Coroutine[Any, Any, None]]
    ) -> None:
        """Do `work` on each of many files, drawn only as fast as it is done."""
        await each(items, work, at_once=self._limits.files)

    async def parts(
        self, items: Iterable[T], work: Callable[[T], Coroutine[Any, Any, None]]
    ) -> None:
        """Do `work` on each part of one file."""
        await each(_drawn(items), work, at_once=self._limits.parts)

    async def request(
        self, work: Callable[[], Awaitable[R]], report: Reporter, *, small: bool = False
    ) -> R:
        """The result of `work`, made again while its failure may pass.

        A failure that a callback of `report` raised is final. `small`: it moves a whole file
        of at most `SMALL` bytes.
        """
        room = nullcontext() if small else self._requests
        for attempt in count(1):
            try:
                async with room:
                    return await work()
            except Exception as error:
                wait = None if report.broken else self._limits.patience.wait(attempt, error)
                if wait is None:
                    raise
            await self._sleep(wait)
        raise AssertionError("count() does not end")

    async def take(self, count: int) -> None:
        """Return when `count` bytes may pass."""
        await self._bandwidth.take(count)

    async def passing(self, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """The same chunks, no faster than the limit allows."""
        async with aclosing(chunks):
            async for chunk in chunks:
                await self._bandwidth.take(len(chunk))
                yield chunk


async def _drawn(items: Iterable[T]) -> AsyncGenerator[T, None]:
    for item in items:
        yield item
