"""A local directory as one side of a sync: walked in the order that its keys would have."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from holdall.client.filtering import Filters
from holdall.client.landing import is_temporary
from holdall.client.scanning import Identity, identify
from holdall.client.targets import why_unsafe
from holdall.client.threads import in_thread
from holdall.core.errors import NotADirectory, NotFound
from holdall.transfer.items import Item, Kind
from holdall.transfer.likeness import crc_of_file


@dataclass(frozen=True, slots=True)
class _Folder:
    """A directory whose content is due; `above` are the directories that it is in."""

    relative: str
    above: frozenset[Identity]


class LocalSide:
    """As a source links are followed, as a target never: what they lead to is not ours."""

    def __init__(self, root: Path, filters: Filters, *, is_source: bool) -> None:
        self.root = root
        self.filters = filters
        self._is_source = is_source

    async def items(self) -> AsyncGenerator[Item, None]:
        """Everything below the root. `NotFound`, `NotADirectory` for a source that is none."""
        if not await in_thread(self._is_there):
            return
        due: list[Item | _Folder] = [_Folder("", frozenset())]
        while due:
            step = due.pop()
            if isinstance(step, Item):
                yield step
            else:
                due += reversed(await in_thread(self._looked, step))

    def path_of(self, relative: str) -> Path:
        return self.root / relative

    def refuses(self, item: Item) -> str | None:
        """Why it cannot be below the root, or None."""
        name = item.relative[:-1] if item.kind is Kind.HOLLOW else item.relative
        parts = enumerate(name.split("/"))
        reasons = (why_unsafe(part, first=number == 0) for number, part in parts)
        return next((reason for reason in reasons if reason is not None), None)

    async def crc32c(self, item: Item) -> int:
        return await crc_of_file(self.path_of(item.relative))

    def _is_there(self) -> bool:
        if not self._is_source and not os.path.lexists(self.root):
            return False
        if not self.root.exists():
            raise NotFound(f"there is no {self.root}", path=self.root)
        if not self.root.is_dir():
            raise NotADirectory(f"{self.root} is not a directory", path=self.root)
        return True

    def _looked(self, folder: _Folder) -> list[Item | _Folder]:
        """What is in a folder: files and notices of folders, and the folders, in order."""
        path = self.path_of(folder.relative)
        try:
            identity = identify(path)
            with os.scandir(path) as found:
                entries = [entry for entry in found if not is_temporary(entry.name)]
            self._learn(path, folder.relative, entries)
        except OSError as error:
            return [_odd(folder.relative, error.strerror or str(error))]
        if identity in folder.above:
            return [_odd(folder.relative, "leads back to a directory it is in")]
        if not entries and folder.relative:
            return [self._wanted(Item(folder.relative, Kind.HOLLOW))]
        above = folder.above | {identity}
        return [step for _, step in sorted(self._placed(entries, folder, above), key=_first)]

    def _learn(self, path: Path, relative: str, entries: list[os.DirEntry[str]]) -> None:
        if self._is_source:
            self.filters.learn(path, relative, [entry.name for entry in entries])

    def _placed(
        self, entries: list[os.DirEntry[str]], folder: _Folder, above: frozenset[Identity]
    ) -> list[tuple[bytes, Item | _Folder]]:
        placed: list[tuple[bytes, Item | _Folder]] = []
        for entry in entries:
            item = self._wanted(self._item(entry, folder.relative + entry.name))
            placed.append((item.order, item))
            if item.kind is Kind.FOLDER:
                below = _Folder(f"{item.relative}/", above)
                placed.append((item.order + b"/", below))
        return placed

    def _wanted(self, item: Item) -> Item:
        is_folder = item.kind is Kind.FOLDER
        name = f"{item.relative}/" if is_folder else item.relative
        if item.kind is Kind.ODD or self.filters.wants(name):
            return item
        return Item(item.relative, Kind.EXCLUDED)

    def _item(self, entry: os.DirEntry[str], relative: str) -> Item:
        if self._is_source and not _is_utf8(entry.name):
            return _odd(relative, "its name is not UTF-8")
        if not self._is_source and entry.is_symlink():
            return Item(relative, Kind.LINK)
        try:
            found = os.stat(entry.path)
        except OSError as error:  # a link that leads nowhere, or in a circle
            return _odd(relative, error.strerror or str(error))
        if stat.S_ISDIR(found.st_mode):
            return Item(relative, Kind.FOLDER)
        if stat.S_ISREG(found.st_mode):
            return Item(relative, Kind.FILE, found.st_size, found.st_mtime)
        return _odd(relative, "not a regular file")


def _first(placed: tuple[bytes, Item | _Folder]) -> bytes:
    return placed[0]


def _odd(relative: str, reason: str) -> Item:
    return Item(relative, Kind.ODD, reason=reason)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
