"""A SQLite VFS that does what the default one does, logs it, and fails when told to.

The `-shm` file is mapped memory and never passes through here; it is not durable state,
and SQLite rebuilds it after a crash.
"""

from __future__ import annotations

import errno
import itertools
import os
from typing import Any, cast

import apsw

from .faults import Faults, io_error
from .journal import ROOT, Journal

_NUMBERS = itertools.count()
_JOURNALS = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL | apsw.SQLITE_OPEN_WAL


class RecordingFile(apsw.VFSFile):
    """One open database, log or rollback journal."""

    def __init__(self, vfs: RecordingVFS, path: str, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self._journal, self._faults, self._path = vfs.journal, vfs.faults, path
        self._inode = self._journal.opened(path)
        self._told = self._journal.errors(self._inode)
        # With the first sync of a journal that it was to create, whether it was there or
        # not, the unix VFS syncs the folder.
        self._owes_folder = bool(flags[0] & _JOURNALS and flags[0] & apsw.SQLITE_OPEN_CREATE)

    def xWrite(self, data: Any, offset: int) -> None:
        content = bytes(data)
        if error := self._faults.find("write", self._path):
            content = content[: len(content) // 2]  # a full disk takes what still fits
        super().xWrite(content, offset)
        self._journal.written(self._inode, offset, content)
        if error:
            raise _spoken(error, "write")

    def xTruncate(self, newsize: int) -> None:
        if error := self._faults.find("resize", self._path):
            raise _spoken(error, "resize")
        super().xTruncate(newsize)
        self._journal.resized(self._inode, newsize)

    def xSync(self, flags: int) -> None:
        since = self._journal.position()
        if error := self._sync_error():
            raise _spoken(error, "sync")
        super().xSync(flags)
        self._journal.synced(self._inode, since)
        if self._owes_folder:
            self._owes_folder = False
            self._journal.synced(_parent(self._journal, self._path), since)

    def _sync_error(self) -> OSError | None:
        """The error to give now, or one that another descriptor of the file met before."""
        error, since = self._faults.find("sync", self._path), self._journal.position()
        if error:
            self._journal.synced(self._inode, since, failed=True)
        met = self._journal.errors(self._inode)
        untold, self._told = met > self._told, met
        return error or (io_error() if untold else None)


class RecordingVFS(apsw.VFS):
    """Registered under `name` for as long as this object lives. Files outside pass through."""

    def __init__(self, journal: Journal, faults: Faults | None = None) -> None:
        self.name = f"recording-{next(_NUMBERS)}"
        self.journal = journal
        self.faults = faults or Faults()
        super().__init__(self.name, "unix")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None or not self.journal.covers(path):
            return apsw.VFSFile("unix", name, flags)
        if not os.path.exists(path) and (error := self.faults.find("make", path)):
            raise _spoken(error, "open")
        return RecordingFile(self, path, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        if error := self.faults.find("unlink", filename):
            raise _spoken(error, "unlink")
        since = self.journal.position()
        super().xDelete(filename, syncdir)
        if self.journal.covers(filename):
            self.journal.unlinked(filename)
            if syncdir:
                self.journal.synced(_parent(self.journal, filename), since + 1)


def _parent(journal: Journal, path: str) -> int:
    found = journal.inode(os.path.dirname(path))
    return ROOT if found is None else found


def _spoken(error: OSError, operation: str) -> apsw.Error:
    """What SQLite's own VFS says when the system call fails so."""
    if operation == "open":
        return apsw.CantOpenError(str(error))
    if error.errno == errno.ENOSPC:
        return apsw.FullError(str(error))
    said: Any = apsw.IOError(str(error))
    said.extendedresult = _EXTENDED[operation]  # read by APSW, unknown to its stubs
    return cast(apsw.Error, said)


_EXTENDED = {
    "write": apsw.SQLITE_IOERR_WRITE,
    "resize": apsw.SQLITE_IOERR_TRUNCATE,
    "sync": apsw.SQLITE_IOERR_FSYNC,
    "unlink": apsw.SQLITE_IOERR_DELETE,
}
