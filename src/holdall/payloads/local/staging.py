"""Unfinished files: made, locked, filled, published, given up, swept. All of it blocks."""

from __future__ import annotations

import fcntl
import os
import secrets
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from holdall.payloads.local.folders import sync_folder
from holdall.payloads.local.translated import translated

WRITEBACK: Final = 4 * 1024 * 1024
"""Bytes after which the disk is told to begin."""

IOV_MAX: Final = 1024


class Staged:
    """An unfinished payload's file. Blocking; used by one thread at a time.

    Any error removes it; the first `append` or `publish` makes it.
    """

    def __init__(self, folder: str, fsync: bool) -> None:
        self._folder = folder
        self._fsync = fsync
        self._path = ""
        self._file: int | None = None
        self._size = 0
        self._begun = 0  # bytes whose way to the disk has begun

    @property
    def is_open(self) -> bool:
        return self._file is not None

    def append(self, chunks: Sequence[bytes]) -> None:
        with self._removed_on_error():
            self._append(self._opened(), chunks)

    def publish(self, chunks: Sequence[bytes], target: str) -> None:
        """Append, make durable, name. Bytes first, then the name, then the name's folder."""
        with self._removed_on_error():
            file = self._opened()
            self._append(file, chunks)
            if self._fsync:
                os.fsync(file)
            with translated(target):
                os.link(self._path, target)  # not a rename: that would replace
                self._confirm(target)
            self._close()

    def discard(self) -> None:
        """Forget the bytes."""
        if self._file is not None:
            with suppress(OSError):
                os.unlink(self._path)
            self._close()

    def _confirm(self, target: str) -> None:
        try:
            os.unlink(self._path)
            if self._fsync:
                sync_folder(os.path.dirname(target))
        except OSError:
            with suppress(OSError):
                os.unlink(target)
            raise

    def _append(self, file: int, chunks: Sequence[bytes]) -> None:
        self._size += _write(file, chunks)
        # Without this the disk would idle until the fsync, and a large payload would take
        # half as long again. The advice to drop pages begins their writing and drops only
        # clean ones, so what was just written stays cached.
        if sys.platform == "linux" and self._fsync and self._size - self._begun >= WRITEBACK:
            os.posix_fadvise(file, self._begun, self._size - self._begun, os.POSIX_FADV_DONTNEED)
            self._begun = self._size

    def _opened(self) -> int:
        if self._file is None:
            self._path, self._file = stage(self._folder)
        return self._file

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    @contextmanager
    def _removed_on_error(self) -> Iterator[None]:
        try:
            with translated(self._path or self._folder):
                yield
        except BaseException:
            self.discard()
            raise

    def __del__(self) -> None:
        if self._file is not None:
            self.discard()
            warnings.warn(f"unclosed writing of {self._path}", ResourceWarning, 2, self)


def stage(folder: str) -> tuple[str, int]:
    """A new file in `folder`, locked as long as its descriptor is open: path, descriptor.

    Between making and locking it looks like a dead writer's, and a sweeper may take it.
    So we look afterwards, and begin again when it did: either it holds the lock, or it
    held it and the file has no name any more. That needs no clock, unlike sparing young
    files, and no second lock; nameless files (O_TMPFILE), which need no sweeping, are
    not available everywhere.
    """
    while True:
        path = os.path.join(folder, secrets.token_hex(16))
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        try:
            if _lock(file) and os.fstat(file).st_nlink:
                return path, file
        except BaseException:
            os.close(file)
            os.unlink(path)
            raise
        os.close(file)


def sweep(folder: str) -> int:
    """Remove the files of `folder` whose writers are dead; how many. Blocking.

    Empty ones are not counted: the writer may live and be about to lock it (see `stage`).
    """
    with translated(folder):
        return sum(_swept(os.path.join(folder, name)) for name in os.listdir(folder))


def _swept(path: str) -> bool:
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # Unlinked under the lock: `stage` relies on it.
        return _lock(file) and _unlinked(path) and os.fstat(file).st_size > 0
    finally:
        os.close(file)


def _lock(file: int) -> bool:
    """False when somebody else holds it. The kernel lets go of it when its holder dies."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unlinked(path: str) -> bool:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def _write(file: int, chunks: Sequence[bytes]) -> int:
    """Write all of them; how many bytes."""
    if len(chunks) > IOV_MAX:
        chunks = [b"".join(chunks)]
    size = sum(map(len, chunks))
    done = os.writev(file, chunks) if size else 0
    if done < size:
        rest = memoryview(b"".join(chunks))
        while done < size:
            done += os.write(file, rest[done:])
    return size
