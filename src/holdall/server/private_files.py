"""Files that only their owner may read: there whole and durable, or not there."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from holdall.engine.directory import sync_directory, translate

_LIMIT: Final = 64 * 1024


def read(path: Path) -> str:
    """The text of a short file. `StoreError`, and `ValueError` for what is no UTF-8."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_LIMIT)
    except OSError as error:
        raise translate(error, path) from error


def keep(path: Path, text: str) -> bool:
    """Write a file unless there is one by now; False when there is. `StoreError`."""
    temporary = _written(path, text)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise translate(error, path) from error
    finally:
        temporary.unlink()
    sync_directory(path.parent)
    return True


def write(path: Path, text: str) -> None:
    """Make or replace a file. `StoreError`."""
    temporary = _written(path, text)
    try:
        temporary.replace(path)
    except OSError as error:
        temporary.unlink()
        raise translate(error, path) from error
    sync_directory(path.parent)


def is_exposed(path: Path) -> bool:
    """Whether others than its owner may read it; False where there is none."""
    return path.exists() and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _written(beside: Path, text: str) -> Path:
    """A new file with this text, durable, which only its owner may read."""
    path = beside.with_name(f".{beside.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise translate(error, beside) from error
    return path
