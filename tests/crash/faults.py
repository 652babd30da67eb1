"""Errors on demand: the nth call of one operation on one kind of file fails."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Fault:
    """Fails calls number `nth` (1 the next one) to `nth + times - 1`.

    `operations` are some of write, sync, resize, make, link, rename, unlink and folder,
    which is the fsync of a folder. `part` is in the path. `done` counts failures given.
    """

    operations: str
    part: str
    error: Callable[[], OSError]
    nth: int = 1
    times: int = 1
    seen: int = 0
    done: int = 0

    def meets(self, operation: str, path: str) -> bool:
        if operation not in self.operations.split() or self.part not in path:
            return False
        self.seen += 1
        hit = self.nth <= self.seen < self.nth + self.times
        self.done += hit
        return hit


class Faults:
    """What is armed at present. Shared by the recorders of one folder."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self._lock = threading.Lock()

    def arm(self, fault: Fault) -> Fault:
        with self._lock:
            self._armed.append(fault)
        return fault

    def disarm(self) -> None:
        with self._lock:
            self._armed.clear()

    def find(self, operation: str, path: str) -> OSError | None:
        """The error that this call must raise, or None."""
        with self._lock:
            hits = [fault for fault in self._armed if fault.meets(operation, path)]
        return hits[0].error() if hits else None

    def check(self, operation: str, path: str) -> None:
        if error := self.find(operation, path):
            raise error


SPACE = "write resize make link rename"
"""Operations that a full disk refuses."""

FOR_EVER = 1_000_000


def io_error() -> OSError:
    return OSError(errno.EIO, "injected: input/output error")


def no_space() -> OSError:
    return OSError(errno.ENOSPC, "injected: no space left on device")
