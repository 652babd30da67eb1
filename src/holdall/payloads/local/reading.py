"""A payload on its way out: threads read ahead of the caller."""

from __future__ import annotations

import asyncio
import os
import warnings
from collections import deque
from concurrent.futures import Future
from functools import cache
from typing import Final

from holdall.core.errors import Closed
from holdall.payloads.local.threads import Threads, done, over
from holdall.payloads.local.translated import translated
from holdall.payloads.protocol import BLOCK, Check

PIECE: Final = 3 * 1024 * 1024
"""Bytes read at once. With less the hops between threads cost more than the reading; with
more the memory is not in any cache when it is checked."""

AHEAD: Final = 3
"""Pieces read before they are asked for: one more than there are threads for long readings,
so that none of them waits for the event loop to give it the next."""

FEW: Final = 4
"""Readings that may each hold as much as that; with more of them each holds less."""

KEPT: Final = 16 * 1024 * 1024
"""What an allocation has that malloc shall not give back at once; see `_keep_memory`."""


class Crowd:
    """The readings that are open at once, and what each of them may hold.

    A caller that is slow, or has stopped, holds what was read for it. Few may be as fast as
    can be; with many, threads and disk are busy without reading ahead, and what they hold
    together must not grow with their number more than it has to.
    """

    def __init__(self) -> None:
        self.readings = 0

    @property
    def piece(self) -> int:
        """Bytes to read at once: whole blocks, so that each can be verified."""
        if self.readings <= FEW:
            return PIECE
        return max(BLOCK, PIECE * FEW // self.readings // BLOCK * BLOCK)

    @property
    def ahead(self) -> int:
        """Pieces to read before they are asked for."""
        return AHEAD if self.readings <= FEW else 1


class LocalReading:
    """A `PayloadReading` that reads ahead. An exhausted one has closed itself.

    Holds at most `AHEAD` pieces beside the one in use, fewer and smaller ones in a crowd.
    """

    def __init__(
        self,
        threads: Threads,
        file: int,
        path: str,
        span: range,
        check: Check | None,
        crowd: Crowd,
    ) -> None:
        self._file: int | None = file
        self._threads = threads
        self._path = path
        self._at = span.start
        self._end = span.stop
        self._check = check
        self._crowd = crowd
        self._jobs: deque[Future[bytes]] = deque()
        self._exhausted = False
        crowd.readings += 1
        if len(span) > PIECE:
            _keep_memory()

    def __aiter__(self) -> LocalReading:
        return self

    async def __anext__(self) -> bytes:
        self._read_ahead()
        chunk = await self._next()
        if not chunk:
            self._exhausted = True
            await self.aclose()
            raise StopAsyncIteration
        return chunk

    async def _next(self) -> bytes:
        """Empty at the end of the range or of the file. A piece that failed, or whose
        waiter was cancelled, stays the next one."""
        if not self._jobs:
            return b""
        job = self._jobs[0]
        await done(job)
        if self._file is None:
            raise Closed("the reading is closed")
        chunk = job.result()
        self._jobs.popleft()
        return chunk

    def _read_ahead(self) -> None:
        if self._file is None:
            if self._exhausted:
                raise StopAsyncIteration
            raise Closed("the reading is closed")
        while self._at < self._end and len(self._jobs) < self._crowd.ahead:
            size = min(self._crowd.piece, self._end - self._at)
            self._jobs.append(self._threads.submit(self._piece, self._file, self._at, size))
            self._at += size

    def _piece(self, file: int, start: int, size: int) -> bytes:
        with translated(self._path, writing=False):
            chunk = _read(file, start, size)
        if chunk and self._check is not None:
            self._check(chunk, start)
        return chunk

    async def aclose(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        self._crowd.readings -= 1
        try:
            # Those that have begun read from the descriptor; the others need not begin.
            await over(*[asyncio.wrap_future(job) for job in self._jobs if not job.cancel()])
        finally:
            self._jobs.clear()
            os.close(file)

    def __del__(self) -> None:
        # Jobs are bound to this object: when it goes, none of them is running.
        if self._file is not None:
            self._crowd.readings -= 1
            os.close(self._file)
            warnings.warn(f"unclosed reading of {self._path}", ResourceWarning, 2, self)


def _read(file: int, start: int, size: int) -> bytes:
    """A short read is not the end of the file, an empty one is."""
    data = os.pread(file, size, start)
    while len(data) < size and (more := os.pread(file, size - len(data), start + len(data))):
        data += more
    return data


@cache
def _keep_memory() -> None:
    """Have the memory of one piece serve the next, instead of new pages from the kernel.

    Those cost more than reading and checking together. glibc takes the size of a mapped
    block that is freed as a sign that such blocks come and go, and keeps twice that much
    from then on (mallopt(3), M_MMAP_THRESHOLD). Elsewhere this does nothing.
    """
    bytes(KEPT)
