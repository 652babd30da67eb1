"""A thread-safe log of what was done to one folder, and of what callers were promised.

The recorders write it (`vfs`, `recording_os`), the workload marks it, `disk` replays it.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

ROOT = 0
"""The inode of the folder itself; it outlives every crash."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new inode. `folder` None: it has no name yet."""

    inode: int
    is_folder: bool
    folder: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Linked:
    inode: int
    folder: int
    name: str


@dataclass(frozen=True, slots=True)
class Renamed:
    inode: int
    from_folder: int
    from_name: str
    folder: int
    name: str


@dataclass(frozen=True, slots=True)
class Unlinked:
    folder: int
    name: str


@dataclass(frozen=True, slots=True)
class Written:
    inode: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Resized:
    inode: int
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    """An fsync of a file or folder that covers what stood in the log before `since`."""

    inode: int
    since: int
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Something the workload says: begun, acknowledged, refused."""

    note: object


Event = Made | Linked | Renamed | Unlinked | Written | Resized | Synced | Mark


class Journal:
    """The log of one folder, `root`, starting with what is in it, taken for durable.

    Every change is logged when it is over, every fsync with the position at which it
    began: what happened meanwhile is not covered by it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.events: list[Event] = []
        self._lock = threading.RLock()
        self._entries: dict[tuple[int, str], int] = {}
        self._folders = {ROOT}
        self._count = ROOT
        self._errors: dict[int, int] = {}
        self._take_over(root)
        self.start = len(self.events)

    def _take_over(self, folder: Path) -> None:
        for path in sorted(folder.iterdir()):
            inode = self.made(path, is_folder=path.is_dir())
            if path.is_dir():
                self._take_over(path)
            else:
                self.written(inode, 0, path.read_bytes())
                self.synced(inode, len(self.events))
        self.synced(self._folder(folder), len(self.events))

    def _folder(self, path: Path) -> int:
        inode = ROOT
        for name in path.relative_to(self.root).parts:
            inode = self._entries[inode, name]
        return inode

    def covers(self, path: str | os.PathLike[str]) -> bool:
        return Path(path).is_relative_to(self.root)

    def inode(self, path: str | os.PathLike[str]) -> int | None:
        path = Path(path)
        if path == self.root:
            return ROOT
        with self._lock:
            try:
                return self._entries.get((self._folder(path.parent), path.name))
            except KeyError:
                return None

    def position(self) -> int:
        with self._lock:
            return len(self.events)

    def made(self, path: str | os.PathLike[str], *, is_folder: bool = False) -> int:
        path = Path(path)
        with self._lock:
            inode = self._new(is_folder)
            folder = self._folder(path.parent)
            self._entries[folder, path.name] = inode
            self.events.append(Made(inode, is_folder, folder, path.name))
            return inode

    def opened(self, path: str | os.PathLike[str]) -> int:
        """The file of this name, made now if the log does not know it."""
        with self._lock:
            found = self.inode(path)
            return self.made(path) if found is None else found

    def made_nameless(self) -> int:
        with self._lock:
            inode = self._new(is_folder=False)
            self.events.append(Made(inode, False, None, ""))
            return inode

    def _new(self, is_folder: bool) -> int:
        self._count += 1
        if is_folder:
            self._folders.add(self._count)
        return self._count

    def linked(self, inode: int, path: str | os.PathLike[str]) -> None:
        path = Path(path)
        with self._lock:
            folder = self._folder(path.parent)
            self._entries[folder, path.name] = inode
            self.events.append(Linked(inode, folder, path.name))

    def renamed(self, old: str | os.PathLike[str], new: str | os.PathLike[str]) -> None:
        old, new = Path(old), Path(new)
        with self._lock:
            source, target = self._folder(old.parent), self._folder(new.parent)
            inode = self._entries.pop((source, old.name))
            self._entries[target, new.name] = inode
            self.events.append(Renamed(inode, source, old.name, target, new.name))

    def unlinked(self, path: str | os.PathLike[str]) -> None:
        path = Path(path)
        with self._lock:
            folder = self._folder(path.parent)
            if self._entries.pop((folder, path.name), None) is not None:
                self.events.append(Unlinked(folder, path.name))

    def written(self, inode: int, offset: int, data: bytes) -> None:
        self._append(Written(inode, offset, data))

    def resized(self, inode: int, size: int) -> None:
        self._append(Resized(inode, size))

    def synced(self, inode: int, since: int, *, failed: bool = False) -> None:
        with self._lock:
            self._errors[inode] = self._errors.get(inode, 0) + failed
            self.events.append(Synced(inode, since, failed))

    def errors(self, inode: int) -> int:
        """How many fsyncs of this file failed. As on Linux, each descriptor that was open
        then is told once, by its own next fsync."""
        with self._lock:
            return self._errors.get(inode, 0)

    def mark(self, note: object) -> None:
        self._append(Mark(note))

    def notes(self, until: int | None = None) -> list[object]:
        """What was marked before a position, or ever."""
        return [event.note for event in self.events[:until] if isinstance(event, Mark)]

    def _append(self, event: Event) -> None:
        with self._lock:
            self.events.append(event)
