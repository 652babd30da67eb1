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
from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.engine.engine import Engine
from holdall.payloads.local import LocalPayloads

from .faults import Faults
from .journal import Journal
from .recording_os import RecordingOS
from .vfs import RecordingVFS

OWNER = "tester"


def open_store(folder: Path, *, vfs: str | None = None, later: float = 0) -> Any:
    """The engine on `folder`, made where there is none. Its clock is `later` seconds ahead."""
    payloads = LocalPayloads(folder / "payloads")
    catalog = SqliteCatalog(folder, vfs=vfs)
    return EngineBackend(Engine(catalog, payloads, OWNER, now=_clock(later)))


def _clock(later: float) -> Any:
    return lambda: time.time_ns() // 1000 + int(later * 1e6)


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
        """The payload modules see our `os`; the checkpointer works all the time."""
        places = [
            module
            for name, module in sys.modules.items()
            if name.startswith("holdall.payloads") and hasattr(module, "os")
        ]
        originals = [module.os for module in places]  # type: ignore[attr-defined]
        bounds = checkpointer.SOFT, checkpointer.HARD
        for module in places:
            module.os = self.os  # type: ignore[attr-defined]
        checkpointer.SOFT, checkpointer.HARD = 40, 120  # type: ignore[misc]
        try:
            yield
        finally:
            checkpointer.SOFT, checkpointer.HARD = bounds  # type: ignore[misc]
            for module, original in zip(places, originals, strict=True):
                module.os = original  # type: ignore[attr-defined]

    def open(self) -> Any:
        return open_store(self.folder, vfs=self.vfs.name)
