"""One store for all the examples of a property."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

from holdall import connect
from holdall.transfer.transfers import Transfers


class Stage:
    """One store for all examples, with new buckets and a new folder for each of them."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self._folder = folder
        self._runner = runner
        self._numbers = count()
        self.client = connect(folder / "store", owner="ann", fsync=False)
        self.transfers = Transfers(self.client, folder / "journal")

    def run(self, work: Callable[[str, str, Path], Awaitable[None]]) -> None:
        self._runner.run(self._with_buckets(work))

    async def _with_buckets(self, work: Callable[[str, str, Path], Awaitable[None]]) -> None:
        number = next(self._numbers)
        one, two = f"one-{number}", f"two-{number}"
        for name in (one, two):
            await self.client.buckets.create(name)
        await work(one, two, self._folder / f"tree-{number}")

    async def close(self) -> None:
        problems = list(await self.client.check())
        await self.client.aclose()
        assert problems == []
