"""What a log of writes may have left on the platter when the power goes.

The model is a POSIX file system in its weakest reasonable form:

- What was written to a file, or its length changed, and not fsynced since, may be there or
  not, each write by itself and in any order, and a write may be torn between sectors of
  `SECTOR` bytes.
- A file may be longer than the data that reached it. The hole reads as zeros or as what
  some other file once held there.
- A name made or removed, and its folder not fsynced since, may be there or not, each by
  itself or as far as some moment. The fsync of a file does not make its name durable.
- A rename within a folder is atomic. One between folders never loses the file: the new
  name may be there beside the old one, the old one is not gone before the new one is there.
- After an fsync that failed, what it should have covered stays doubtful for ever: a later
  fsync that succeeds does not write it (Linux marks such pages clean). Later writes over
  the same bytes are writes like any other.
- An fsync covers what was complete when it began, not what happened meanwhile.

Not modelled: sectors that are neither old nor new, bytes beside a write that change
(SQLite's "powersafe overwrite" is assumed, as its default VFS does), a device that lies
about having flushed, and decay. The shared-memory file of SQLite is dropped.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .journal import (
    ROOT,
    Event,
    Linked,
    Made,
    Mark,
    Renamed,
    Resized,
    Synced,
    Unlinked,
    Written,
)

SECTOR = 512

Tree = dict[str, bytes | None]
"""A state of the folder: relative paths with their bytes, None for a folder."""


@dataclass(slots=True)
class Doubtful:
    """A change that is not durable yet; `lost` when an fsync of it failed."""

    index: int
    event: Event
    sure: bool = False
    lost: bool = False


@dataclass(slots=True)
class File:
    stable: bytearray = field(default_factory=bytearray)
    log: list[Doubtful] = field(default_factory=list)

    def settle(self) -> None:
        """Write what is certain, as far as nothing doubtful stands before it."""
        done = 0
        while done < len(self.log) and self.log[done].sure:
            _perform(self.stable, self.log[done].event)
            done += 1
        del self.log[:done]


@dataclass(slots=True)
class Folder:
    stable: dict[str, int] = field(default_factory=dict)
    log: list[Doubtful] = field(default_factory=list)

    def settle(self) -> None:
        while self.log and self.log[0].sure:
            _rename(self.stable, self.log.pop(0).event)


@dataclass(frozen=True, slots=True)
class Left:
    """A name that a rename into another folder took away; `arrival` is the other half."""

    name: str
    folder: int
    arrival: int


@dataclass(frozen=True, slots=True)
class Chance:
    """How one crash decides: about names, data and lengths, and what fills a hole."""

    names: Callable[[int], bool]
    data: Callable[[int], bool]
    sector: Callable[[], bool]
    longer: Callable[[], bool]
    fill: Callable[[int], bytes]


class Disk:
    """Follows a log; `crash` gives one of the states a power cut might leave now."""

    def __init__(self) -> None:
        self._files: dict[int, File] = {}
        self._folders: dict[int, Folder] = {ROOT: Folder()}
        self._index = 0

    def follow(self, event: Event) -> None:
        match event:
            case Made(inode, is_folder, folder, _):
                self._new(inode, is_folder)
                if folder is not None:
                    self._doubt(self._folders[folder], event)
            case Linked(_, folder, _) | Unlinked(folder, _):
                self._doubt(self._folders[folder], event)
            case Renamed():
                self._rename(event)
            case Written(inode, _, _) | Resized(inode, _):
                self._doubt(self._files[inode], event)
            case Synced():
                self._sync(event)
            case Mark():
                pass
        self._index += 1

    def _new(self, inode: int, is_folder: bool) -> None:
        if is_folder:
            self._folders[inode] = Folder()
        else:
            self._files[inode] = File()

    def _doubt(self, where: File | Folder, event: Event | Left) -> None:
        where.log.append(Doubtful(self._index, event))  # type: ignore[arg-type]

    def _rename(self, event: Renamed) -> None:
        self._doubt(self._folders[event.folder], event)
        if event.from_folder != event.folder:
            left = Left(event.from_name, event.folder, self._index)
            self._doubt(self._folders[event.from_folder], left)

    def _sync(self, event: Synced) -> None:
        where = self._files.get(event.inode) or self._folders[event.inode]
        for doubt in where.log:
            if doubt.index < event.since and not doubt.lost:
                doubt.sure = doubt.sure or not event.failed
                doubt.lost = event.failed and isinstance(where, File) and not doubt.sure
        self._bring_arrivals(where)
        where.settle()

    def _bring_arrivals(self, where: File | Folder) -> None:
        """A removal that is durable brings the name that replaced it."""
        for doubt in where.log:
            if isinstance(doubt.event, Left) and doubt.sure:
                target = self._folders[doubt.event.folder]
                for other in target.log:
                    other.sure |= other.index == doubt.event.arrival

    @property
    def is_certain(self) -> bool:
        """Nothing is in doubt: every crash leaves the same."""
        files, folders = self._files.values(), self._folders.values()
        return not any(x.log for x in files) and not any(x.log for x in folders)

    def crash(self, chance: Chance) -> Tree:
        names = {inode: self._names(folder, chance) for inode, folder in self._folders.items()}
        return dict(self._walk(ROOT, "", names, chance))

    def _names(self, folder: Folder, chance: Chance) -> dict[str, int]:
        names = dict(folder.stable)
        for doubt in folder.log:
            if doubt.sure or self._happens(doubt, chance):
                _rename(names, doubt.event)
        return names

    def _happens(self, doubt: Doubtful, chance: Chance) -> bool:
        if isinstance(doubt.event, Left):
            arrived = _find(self._folders[doubt.event.folder], doubt.event.arrival)
            if arrived and not (arrived.sure or chance.names(arrived.index)):
                return False
            return chance.names(~doubt.index)  # asked apart from its arrival
        return chance.names(doubt.index)

    def _walk(
        self, folder: int, path: str, names: dict[int, dict[str, int]], chance: Chance
    ) -> Iterator[tuple[str, bytes | None]]:
        for name, inode in names[folder].items():
            full = f"{path}{name}"
            if inode in self._folders:
                yield full, None
                yield from self._walk(inode, full + "/", names, chance)
            else:
                yield full, _contents(self._files[inode], chance)


def _find(folder: Folder, index: int) -> Doubtful | None:
    return next((doubt for doubt in folder.log if doubt.index == index), None)


def _rename(names: dict[str, int], event: object) -> None:
    match event:
        case Made(inode, _, _, name) | Linked(inode, _, name):
            names[name] = inode
        case Unlinked(_, name) | Left(name, _, _):
            names.pop(name, None)
        case Renamed(inode, from_folder, from_name, folder, name):
            if from_folder == folder:
                names.pop(from_name, None)
            names[name] = inode


def _perform(content: bytearray, event: object) -> None:
    match event:
        case Written(_, offset, data):
            _reach(content, offset, bytes)
            content[offset : offset + len(data)] = data
        case Resized(_, size):
            _reach(content, size, bytes)
            del content[size:]


def _reach(content: bytearray, size: int, fill: Callable[[int], bytes]) -> None:
    if size > len(content):
        content += fill(size - len(content))


def _contents(file: File, chance: Chance) -> bytes:
    if not file.log:
        return bytes(file.stable)
    content = bytearray(file.stable)
    for doubt in file.log:
        if doubt.sure:
            _perform(content, doubt.event)
        elif chance.data(doubt.index):
            _perhaps(content, doubt.event, chance)
        elif isinstance(doubt.event, Written) and chance.longer():
            _reach(content, doubt.event.offset + len(doubt.event.data), chance.fill)
    return bytes(content)


def _perhaps(content: bytearray, event: object, chance: Chance) -> None:
    if not isinstance(event, Written):
        _perform(content, event)
        return
    for start, end in _sectors(event):
        if chance.sector():
            _reach(content, start, chance.fill)
            content[start:end] = event.data[start - event.offset : end - event.offset]
    if chance.longer():
        _reach(content, event.offset + len(event.data), chance.fill)


def _sectors(event: Written) -> Iterator[tuple[int, int]]:
    start, end = event.offset, event.offset + len(event.data)
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        yield start, stop
        start = stop


def materialise(tree: Tree, folder: Path) -> None:
    """Make the state real in a new folder."""
    folder.mkdir()
    for path, content in tree.items():
        if content is None:
            (folder / path).mkdir()
        else:
            (folder / path).write_bytes(content)


def always(_: int) -> bool:
    return True


def never(_: int) -> bool:
    return False


def yes() -> bool:
    return True


def no() -> bool:
    return False


class Chances:
    """Draws the ways of crashing: from nothing reached the disk to everything did.

    `scrap` gives old bytes for holes: what other files once held.
    """

    def __init__(self, seed: int, scrap: bytes = b"") -> None:
        self._random = random.Random(seed)
        self._scrap = scrap
        self._now = 0
        self.kinds: tuple[Callable[[], Chance], ...] = (
            self._nothing,
            self._everything,
            self._names_only,
            self._data_only,
            self._as_far_as,
            self._scattered,
            self._scattered,
            self._torn,
            self._torn,
        )

    def draw(self, now: int) -> Chance:
        """A way of crashing at position `now` of the log."""
        self._now = now
        return self._random.choice(self.kinds)()

    def _nothing(self) -> Chance:
        return Chance(never, never, yes, no, bytes)

    def _everything(self) -> Chance:
        return Chance(always, always, yes, yes, bytes)

    def _names_only(self) -> Chance:
        """Names and lengths reached the disk before the data did."""
        return Chance(always, never, yes, self._random.choice((yes, no)), self._fill())

    def _data_only(self) -> Chance:
        return Chance(never, always, yes, yes, bytes)

    def _as_far_as(self) -> Chance:
        """In the order of the log, up to one moment for names and another for data."""
        names, data = (self._now - self._random.randrange(64) for _ in range(2))
        return Chance(_before(names), _before(data), yes, no, bytes)

    def _scattered(self) -> Chance:
        return Chance(self._some(), self._some(), yes, self._coin(0.5), self._fill())

    def _torn(self) -> Chance:
        share = self._random.choice((0.1, 0.5, 0.9))
        return Chance(self._some(), self._some(), self._coin(share), self._coin(0.5), self._fill())

    def _some(self) -> Callable[[int], bool]:
        """The same answer for the same change, however often it is asked for."""
        share, salt = self._random.choice((0.1, 0.5, 0.9)), self._random.getrandbits(32)
        return lambda index: random.Random(index * 0x9E3779B1 ^ salt).random() < share

    def _coin(self, share: float) -> Callable[[], bool]:
        return lambda: self._random.random() < share

    def _fill(self) -> Callable[[int], bytes]:
        return self._random.choice((bytes, self._old_bytes))

    def _old_bytes(self, size: int) -> bytes:
        if not self._scrap:
            return self._random.randbytes(size)
        start = self._random.randrange(len(self._scrap))
        piece = self._scrap[start : start + size]
        return piece + bytes(size - len(piece))


def _before(limit: int) -> Callable[[int], bool]:
    return lambda index: max(index, ~index) < limit
