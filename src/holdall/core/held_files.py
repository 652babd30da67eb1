"""Files that one process at a time holds, and whose holder may take them away."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def held(path: Path) -> int | None:
    """Open a file, made where there is none, and lock it until the descriptor is closed or the
    process ends. None while somebody else holds it; never one that is not at `path` any more.
    """
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(file, path):
                return file
        except BlockingIOError:
            os.close(file)
            return None
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # its holder took it away before we had the lock


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False
