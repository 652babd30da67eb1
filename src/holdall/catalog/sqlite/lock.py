"""One writer at a time, across processes, in a queue that the kernel keeps."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self


class FileLock:
    """An exclusive `flock`, held between enter and exit by one thread at a time.

    SQLite's own lock is polled with sleeps, so that under load some processes never get
    it; a blocked `flock` is woken when the holder lets go. Threads share the descriptor and
    with it the `flock`, so among them a mutex decides.
    """

    def __init__(self, path: Path) -> None:
        self._mutex = threading.Lock()
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def __enter__(self) -> Self:
        self._mutex.acquire()
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        except BaseException:
            self._mutex.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        finally:
            self._mutex.release()

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
