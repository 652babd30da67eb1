"""Folders that a power cut does not take back."""

from __future__ import annotations

import os
from contextlib import suppress


def make_folder(path: str) -> None:
    with suppress(FileExistsError):
        os.mkdir(path)


def sync_folder(path: str) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
