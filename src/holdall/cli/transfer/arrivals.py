"""Remembers which files of a directory transfer arrived, for `mv` to remove."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from holdall.cli.transfer.tally import Tally
from holdall.client.progress import (
    AbstractRecursiveFileProgress,
    StorageProgressComplete,
    StorageProgressEnterDir,
    StorageProgressFail,
    StorageProgressLeaveDir,
    StorageProgressSkip,
    StorageProgressStart,
    StorageProgressStep,
)


class Arrivals(AbstractRecursiveFileProgress):
    """Hands every event on to a tally and keeps the completed ones."""

    def __init__(self, tally: Tally) -> None:
        self.completed: list[StorageProgressComplete] = []
        self._tally = tally

    async def drawn(self) -> AsyncGenerator[StorageProgressComplete, None]:
        for arrival in self.completed:
            yield arrival

    def start(self, data: StorageProgressStart) -> None:
        self._tally.start(data)

    def step(self, data: StorageProgressStep) -> None:
        self._tally.step(data)

    def complete(self, data: StorageProgressComplete) -> None:
        self.completed.append(data)
        self._tally.complete(data)

    def skip(self, data: StorageProgressSkip) -> None:
        self._tally.skip(data)

    def enter(self, data: StorageProgressEnterDir) -> None:
        self._tally.enter(data)

    def leave(self, data: StorageProgressLeaveDir) -> None:
        self._tally.leave(data)

    def fail(self, data: StorageProgressFail) -> None:
        self._tally.fail(data)
