"""A download's way to its file on disk: beside it, checked, then in its place at once."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Final

from holdall.core.errors import Conflict, IsADirectory, StorageFull

_TEMPORARY: Final = re.compile(r"\.holdall-[0-9a-f]{16}")
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def temporary_beside(target: Path, name: str | None = None) -> Path:
    """Where a download to `target` keeps its bytes; `name` is 16 hexadecimal digits."""
    return target.with_name(f".holdall-{name or secrets.token_hex(8)}")


def is_temporary(name: str) -> bool:
    """Whether a file of this name belongs to a download, under way or dead."""
    return _TEMPORARY.fullmatch(name) is not None


@contextmanager
def telling_of_room(target: Path) -> Iterator[None]:
    """`StorageFull`, with the file's name, in place of the system's bare error."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise StorageFull(f"no room for {target}: {error.strerror}", path=target) from error


class Claims:
    """The files that one transfer has put in place, so that two keys never share one.

    Names that differ may be one file: where case is ignored, where Unicode is normalised,
    through a link. Files are told apart by device and inode, about 100 bytes for each.
    """

    def __init__(self) -> None:
        self._taken: set[tuple[int, int]] = set()
        self._lock = threading.Lock()

    def take(self, path: Path) -> None:
        """Claim a file that is there. `Conflict` when another key has it."""
        with self._lock:
            self._demand_free(path, os.lstat(path))
            self._note(path)

    def release(self, path: Path) -> None:
        """Give back what `take` claimed."""
        there = os.lstat(path)
        with self._lock:
            self._taken.discard((there.st_dev, there.st_ino))

    def replace(self, temporary: Path, target: Path) -> None:
        """Move a finished file into place and claim it. `Conflict`, `IsADirectory`."""
        with self._lock:
            there = _lstat(target)
            if there is not None:
                self._demand_replaceable(target, there)
                _keep_mode(temporary, there)
            # The kernel's own stamp may lag by a tick of its clock: a blob that was written
            # just before would seem to be newer than its download.
            now = time.time_ns()
            os.utime(temporary, ns=(now, now))
            os.replace(temporary, target)
            self._note(target)

    def _demand_replaceable(self, target: Path, there: os.stat_result) -> None:
        if stat.S_ISDIR(there.st_mode):
            raise IsADirectory(f"{target} is a directory", path=target)
        if not (stat.S_ISREG(there.st_mode) or stat.S_ISLNK(there.st_mode)):
            raise Conflict(f"{target} is not a regular file", path=target)
        self._demand_free(target, there)

    def _demand_free(self, path: Path, there: os.stat_result) -> None:
        if (there.st_dev, there.st_ino) in self._taken:
            raise Conflict(f"another blob of this download is {path}", path=path)

    def _note(self, path: Path) -> None:
        there = os.lstat(path)
        self._taken.add((there.st_dev, there.st_ino))


class Landing:
    """Bytes on their way to `target`, in a temporary file beside it. Methods block.

    Until `finish` returns the previous file is what it was; a process that dies leaves
    the temporary file, named `.holdall-…`. Bytes are synced before the name is given:
    after a power cut the file is the old one or the new one, whole.
    """

    def __init__(self, target: Path, claims: Claims) -> None:
        self._target = target
        self._claims = claims
        self._file: FileIO | None = None

    def write(self, data: bytes) -> None:
        """Append."""
        with telling_of_room(self._target):
            file = self._open()
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]

    def finish(self, data: bytes) -> None:
        """Append the last bytes and give the file its name."""
        self.write(data)
        file = self._open()
        with telling_of_room(self._target):
            os.fsync(file.fileno())
        file.close()
        self._claims.replace(Path(file.name), self._target)
        self._file = None

    def discard(self) -> None:
        """Forget what did not finish. Harmless after `finish`."""
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)
            self._file = None

    def _open(self) -> FileIO:
        if self._file is None:
            self._file = FileIO(temporary_beside(self._target), "x")
        return self._file


def _lstat(path: Path) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def _keep_mode(temporary: Path, there: os.stat_result) -> None:
    if stat.S_ISREG(there.st_mode):
        os.chmod(temporary, stat.S_IMODE(there.st_mode))
