"""Reading a local file in blocks, and noticing that it changed meanwhile."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

from holdall.client.threads import in_thread
from holdall.core.errors import Conflict

BLOCK = 1024 * 1024


async def blocks_of(path: Path) -> AsyncGenerator[bytes, None]:
    """The bytes of a file, read in threads.

    `Conflict` at the end of a regular file whose size or modification time is not what it
    was at the start: its reader must not take it for whole.
    """
    blocks = _read(path)
    try:
        while (block := await in_thread(next, blocks, b"")) != b"":
            yield block
    finally:
        blocks.close()


def _read(path: Path) -> Generator[bytes, None, None]:
    with open(path, "rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        count = 0
        while block := file.read(BLOCK):
            count += len(block)
            yield block
        if stat.S_ISREG(before.st_mode):
            _demand_unchanged(path, before, os.fstat(file.fileno()), count)


def _demand_unchanged(
    path: Path, before: os.stat_result, after: os.stat_result, count: int
) -> None:
    expected = (before.st_size, before.st_mtime_ns)
    if (after.st_size, after.st_mtime_ns) != expected or count != before.st_size:
        raise Conflict(
            f"{path} changed while it was read", path=path, expected=before.st_size, actual=count
        )
