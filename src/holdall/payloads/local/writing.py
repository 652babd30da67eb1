"""A payload on its way in: one thread writes while the caller prepares what comes next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from holdall.core.errors import Closed
from holdall.payloads.local.staging import Staged
from holdall.payloads.local.threads import Threads, over

HAND_OVER: Final = 1024 * 1024
"""Bytes that are worth a thread's attention while it has nothing to do."""

HOLD: Final = 4 * 1024 * 1024
"""Bytes that may wait while it has."""


class LocalWriting:
    """A `PayloadWriting`: one thread writes while the caller prepares what comes next.

    One job at a time, so the bytes keep their order; what arrives meanwhile waits and goes
    with the next, so small chunks do not cost a hop each. A short payload takes one hop.
    """

    def __init__(self, threads: Threads, staged: Staged, path: Callable[[str], str]) -> None:
        self._threads = threads
        self._staged = staged
        self._path = path
        self._waiting: list[bytes] = []
        self._size = 0  # bytes waiting
        self._job: asyncio.Future[None] | None = None
        self._over = False

    async def write(self, chunk: bytes) -> None:
        self._demand_open()
        self._waiting.append(chunk)
        self._size += len(chunk)
        if self._size >= (HAND_OVER if self._is_idle() else HOLD):
            await self._hand_over(self._staged.append)

    async def finish(self, id: str) -> None:
        self._demand_open()
        await self._hand_over(self._staged.publish, self._path(id))
        self._over = True
        await self._job_done()

    async def aclose(self) -> None:
        self._over = True
        self._waiting.clear()
        try:
            if self._job is not None:
                await over(self._job)
        finally:
            await self._discard()

    async def _discard(self) -> None:
        if not self._staged.is_open:
            return
        try:
            await self._threads.run(self._staged.discard)
        except Closed:  # the store's threads are gone before us
            self._staged.discard()

    async def _hand_over(self, job: Callable[..., None], *args: str) -> None:
        await self._job_done()
        chunks, self._waiting, self._size = self._waiting, [], 0
        self._job = self._threads.start(job, chunks, *args)

    async def _job_done(self) -> None:
        if self._job is not None:
            await over(self._job)
            self._job.result()

    def _is_idle(self) -> bool:
        return self._job is None or self._job.done()

    def _demand_open(self) -> None:
        """A job that failed stays, and fails every call that follows."""
        if self._over:
            raise Closed("the payload is finished or given up")
        if self._job is not None and self._job.done():
            self._job.result()
