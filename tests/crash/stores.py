"""Opening a store under the recorders, or plainly after a crash."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from holdall.backends.engine import EngineBackend
from holdall.catalog.sqlite import checkpointer
from holdall.payloads.local import store

from .faults import Faults
from .journal import Journal
from .recording_os import RecordingOS
from .vfs import RecordingVFS

OWNER = "tester"
WATCHED = ("holdall.payloads", "holdall.engine.directory", "pathlib")
"""Modules, and those below them, that change files of a store beside SQLite."""


async def open_store(
    folder: Path, *, vfs: str | None = None, later: float = 0, fsync: bool = True
) -> EngineBackend:
    """The engine on `folder`, made where there is none. Its clock is `later` seconds ahead."""
    backend = await EngineBackend.at(folder, owner=OWNER, vfs=vfs, fsync=fsync)
    backend.engine.now = lambda: time.time_ns() // 1000 + int(later * 1e6)
    return backend


class Few(tuple[str, ...]):
    """Stands for 256 folder names where making them thousands of times takes the time."""

    def __getitem__(self, number: Any) -> Any:
        return super().__getitem__(number % len(self))


@contextmanager
def few_folders() -> Iterator[None]:
    original = store.FOLDERS
    store.FOLDERS = Few(original[:4])  # type: ignore[misc]
    try:
        yield
    finally:
        store.FOLDERS = original  # type: ignore[misc]


class Recording:
    """A folder whose every write is logged, and can be made to fail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal(folder)
        self.faults = Faults()
        self.vfs = RecordingVFS(self.journal, self.faults)
        self.os = RecordingOS(self.journal, self.faults)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """The modules that touch files see our `os`; checkpoints are frequent."""
        places = [
            module
            for name, module in sys.modules.items()
            if name.startswith(WATCHED) and hasattr(module, "os")
        ]
        originals = [vars(module)["os"] for module in places]
        bounds = checkpointer.SOFT, checkpointer.HARD
        for module in places:
            vars(module)["os"] = self.os
        checkpointer.SOFT, checkpointer.HARD = 40, 120
        try:
            yield
        finally:
            checkpointer.SOFT, checkpointer.HARD = bounds
            for module, original in zip(places, originals, strict=True):
                vars(module)["os"] = original

    async def open(self, *, fsync: bool = True, later: float = 0) -> EngineBackend:
        return await open_store(self.folder, vfs=self.vfs.name, fsync=fsync, later=later)
