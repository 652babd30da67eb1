"""Reading a local file, at once or in blocks, and noticing that it changed meanwhile."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from io import FileIO
from itertools import islice
from pathlib import Path

from holdall.client.stamps import Stamp
from holdall.client.threads import in_thread
from holdall.core.errors import Conflict

BLOCK = 1024 * 1024
AT_ONCE = 2
"""Blocks that are read in one go, so that a file of fewer needs a thread only once."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a path leads to, and its bytes where they were read at once."""

    found: os.stat_result
    data: bytes | None = None


def look(path: Path, *, reads: bool = True) -> Looked:
    """Look at a path; `reads` says to read a regular file of at most one block at once.

    One that changes meanwhile, or is of the kernel's, has to be read in blocks. Blocks;
    raises OSError.
    """
    found = os.stat(path)  # to open a pipe would wait for its other end
    if not reads or not stat.S_ISREG(found.st_mode) or found.st_size > BLOCK:
        return Looked(found)
    # By as few calls as can be: after each the thread waits for its turn.
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.read(file, found.st_size + 1)
        same = len(data) == found.st_size and Stamp.of(found) == Stamp.of(os.fstat(file))
        return Looked(found, data if same else None)
    finally:
        os.close(file)


async def blocks_of(
    path: Path, *, start: int = 0, end: int | None = None, stamp: Stamp | None = None
) -> AsyncGenerator[bytes, None]:
    """The bytes of a file from `start` to `end`, None for all the rest, read in threads.

    `Conflict` at the end of a regular file that is not what it was at the start, or what
    `stamp` says: its reader must not take it for whole.
    """
    blocks = _read(path, start, end, stamp)
    try:
        while found := await in_thread(_next, blocks):
            for block in found:
                yield block
            if len(found) < AT_ONCE:
                return
    finally:
        blocks.close()


def _next(blocks: Generator[bytes, None, None]) -> list[bytes]:
    return list(islice(blocks, AT_ONCE))


def _read(
    path: Path, start: int, end: int | None, stamp: Stamp | None
) -> Generator[bytes, None, None]:
    with open(path, "rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            yield from _until(file, None)
            return
        expected = stamp or Stamp.of(before)
        if not expected.size:
            yield from _of_no_length(path, file, expected)
            return
        end = expected.size if end is None else end
        file.seek(start)
        # No further than it was long: a file that grows as fast as it is read has no end.
        yield from _until(file, end - start)
        expected.demand(path, os.fstat(file.fileno()))
        _demand_all(path, file.tell(), end)


def _of_no_length(path: Path, file: FileIO, expected: Stamp) -> Generator[bytes, None, None]:
    """Files of the kernel's, as in /proc, say that they are empty and are not."""
    for block in _until(file, None):
        expected.demand(path, os.fstat(file.fileno()))
        yield block
    expected.demand(path, os.fstat(file.fileno()))


def _until(file: FileIO, left: int | None) -> Generator[bytes, None, None]:
    while block := file.read(BLOCK if left is None else min(BLOCK, left)):
        left = None if left is None else left - len(block)
        yield block


def _demand_all(path: Path, actual: int, expected: int) -> None:
    if actual != expected:
        raise Conflict(
            f"{path} changed while it was read", path=path, expected=expected, actual=actual
        )
