"""A small measurement of one place: writing, listing, reading and removing."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any, Final

from holdall.cli import human
from holdall.cli.output import Output
from holdall.client.buckets import Buckets
from holdall.client.client import Client
from holdall.client.concurrently import AT_ONCE, each
from holdall.core.errors import Corrupt

SMALL: Final = 4096
_ALONE: Final = 20
_CHUNK: Final = 1024 * 1024
_LARGE: Final = "large"

_Work = Callable[[int], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Scale:
    """How many small blobs, and how many bytes the large one has."""

    blobs: int
    size: int


class Bench:
    """Measures a bucket of its own, which is gone afterwards."""

    def __init__(self, client: Client, output: Output, scale: Scale) -> None:
        self._client = client
        self._output = output
        self._scale = scale
        self._bucket = f"holdall-bench-{secrets.token_hex(4)}"
        # Random, so that nobody between here and the disk can make it less.
        self._small = os.urandom(SMALL)
        self._large = os.urandom(scale.size)

    @property
    def _buckets(self) -> Buckets:
        return self._client.buckets

    async def run(self) -> None:
        # Unversioned: what is removed is gone. Whoever pays for bytes pays for none of these.
        making = asyncio.ensure_future(self._buckets.create(self._bucket, versioned=False))
        try:
            await asyncio.shield(making)
            await self._measure()
        finally:
            await making  # stopped or not, it would be made, and has to go
            async with _timed() as seconds:
                await self._buckets.rm(self._bucket, force=True)
        self._rate("remove", self._scale.blobs + _ALONE + 2, seconds())

    async def _measure(self) -> None:
        await self._put_alone()
        await self._small_ones("put small", self._put)
        await self._list()
        await self._small_ones("get small", self._get)
        await self._put_large()
        await self._get_large()

    async def _put_alone(self) -> None:
        """The first one opens connections, and does not count."""
        times = []
        for number in range(_ALONE + 1):
            async with _timed() as seconds:
                await self._buckets.put_blob(self._bucket, f"alone/{number}", self._small)
            times.append(seconds())
        typical = median(times[1:])
        text = f"{typical * 1000:.1f} ms for {human.size(SMALL)}, one after the other (median)"
        self._output.fact("put alone", text, {"seconds": typical, "bytes": SMALL})

    async def _small_ones(
        self, step: str, work: Callable[[int], Coroutine[Any, Any, None]]
    ) -> None:
        async with _timed() as seconds:
            await each(_numbers(self._scale.blobs), work)
        how = f" of {human.size(SMALL)}, {AT_ONCE} at once"
        self._rate(step, self._scale.blobs, seconds(), how)

    async def _list(self) -> None:
        count = 0
        async with _timed() as seconds:
            uri = f"blob:{self._bucket}"
            async with self._buckets.list_blobs(uri, recursive=True, limit=None) as entries:
                async for _ in entries:
                    count += 1
        self._rate("list", count, seconds())

    async def _put_large(self) -> None:
        async with _timed() as seconds:
            await self._buckets.put_blob(self._bucket, _LARGE, _chunks(self._large))
        self._throughput("put large", seconds())

    async def _get_large(self) -> None:
        at = 0
        reading = self._buckets.fetch_blob(self._bucket, _LARGE)
        async with _timed() as seconds, reading as content:
            async for chunk in content:
                self._demand(self._large[at : at + len(chunk)] == chunk, _LARGE)
                at += len(chunk)
        self._demand(at == len(self._large), _LARGE)
        self._throughput("get large", seconds())

    async def _put(self, number: int) -> None:
        await self._buckets.put_blob(self._bucket, f"small/{number}", self._small)

    async def _get(self, number: int) -> None:
        key = f"small/{number}"
        async with self._buckets.fetch_blob(self._bucket, key) as content:
            self._demand(b"".join([chunk async for chunk in content]) == self._small, key)

    def _demand(self, is_right: bool, key: str) -> None:
        if not is_right:
            raise Corrupt(f"{key} is not read as it was written", bucket=self._bucket, key=key)

    def _rate(self, step: str, count: int, seconds: float, what: str = "") -> None:
        rate = count / max(seconds, 1e-9)
        text = f"{rate:,.0f} a second ({human.plural(count, 'blob')}{what})"
        self._output.fact(step, text, {"blobs": count, "seconds": seconds, "per_second": rate})

    def _throughput(self, step: str, seconds: float) -> None:
        size = self._scale.size
        text = f"{human.rate(size, seconds)} (one blob of {human.size(size)})"
        rate = size / max(seconds, 1e-9)
        fields = {"bytes": size, "seconds": seconds, "bytes_per_second": rate}
        self._output.fact(step, text, fields)


@asynccontextmanager
async def _timed() -> AsyncIterator[Callable[[], float]]:
    """The seconds that what is within takes."""
    began = perf_counter()
    ended: list[float] = []
    yield lambda: ended[0] - began
    ended.append(perf_counter())


async def _numbers(count: int) -> AsyncGenerator[int, None]:
    for number in range(count):
        yield number


def _chunks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK))
