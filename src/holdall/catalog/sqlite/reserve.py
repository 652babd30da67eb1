"""A little disk space held back, so that deletions work when there is no other left."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

SIZE = 4 * 1024 * 1024


class Reserve:
    """A file of `SIZE` bytes that nothing uses."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self) -> bool:
        """Set the space aside unless it is already; False when there is no room for it."""
        if self._is_kept():
            return True
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                _allocate(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            return error.errno not in (errno.ENOSPC, errno.EDQUOT)
        return True

    def _is_kept(self) -> bool:
        with suppress(OSError):
            return os.stat(self._path).st_size >= SIZE
        return False

    def give_up(self) -> bool:
        """Free the space; whether there was any to free."""
        try:
            had = os.stat(self._path).st_size > 0
            os.truncate(self._path, 0)
        except OSError:
            return False
        return had


def _allocate(descriptor: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, SIZE)
    else:
        os.ftruncate(descriptor, SIZE)
