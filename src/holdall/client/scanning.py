"""Looking into a local directory, once, and following its symbolic links."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from holdall.client.landing import is_temporary
from holdall.core.errors import InvalidArgument, NotADirectory


@dataclass(frozen=True, slots=True)
class Identity:
    """What a directory is, however it was reached."""

    device: int
    inode: int


@dataclass(frozen=True, slots=True)
class Scanned:
    """A directory's contents by name; `odd` is what cannot be uploaded, and why."""

    files: list[str] = field(default_factory=list)
    folders: list[tuple[str, Identity]] = field(default_factory=list)
    odd: list[tuple[str, Exception]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.files or self.folders or self.odd)


def identify(path: Path) -> Identity:
    """The identity of a directory. `NotADirectory`, or OSError where there is nothing."""
    found = os.stat(path)
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectory(f"{path} is not a directory", path=path)
    return Identity(found.st_dev, found.st_ino)


def scan(path: Path) -> Scanned:
    """The contents of a directory in order of their names; temporary files of downloads are
    left out. Blocks; raises OSError."""
    scanned = Scanned()
    with os.scandir(path) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not is_temporary(entry.name):
                _sort_in(scanned, entry)
    return scanned


def _sort_in(scanned: Scanned, entry: os.DirEntry[str]) -> None:
    try:
        found = os.stat(entry.path)
    except OSError as error:  # a link that leads nowhere, or in a circle
        scanned.odd.append((entry.name, error))
        return
    if stat.S_ISDIR(found.st_mode):
        scanned.folders.append((entry.name, Identity(found.st_dev, found.st_ino)))
    elif stat.S_ISREG(found.st_mode):
        scanned.files.append(entry.name)
    else:
        error_ = InvalidArgument(f"{entry.path} is not a regular file", path=entry.path)
        scanned.odd.append((entry.name, error_))
