"""Making the local folders that a download needs, and none outside its root. All of it blocks."""

from __future__ import annotations

import os
from pathlib import Path

from holdall.core.errors import NotADirectory, PermissionDenied


def make_root(target: Path) -> Path:
    """The target as a directory, with its symbolic links resolved."""
    if target.exists() and not target.is_dir():
        raise NotADirectory(f"{target} is not a directory", path=target)
    target.mkdir(parents=True, exist_ok=True)
    return target.resolve()


def make_folder(root: Path, path: Path) -> None:
    """A directory below `root`; one that is there must not lead out of it through a link."""
    if os.path.lexists(path) and not path.is_dir():
        raise NotADirectory(f"{path} is a file", path=path)
    path.mkdir(exist_ok=True)
    if not path.resolve().is_relative_to(root):
        raise PermissionDenied(f"{path} leads out of {root}", path=path)


def make_folders(root: Path, path: Path) -> None:
    """The same for a directory at any depth below `root`, with those it is in."""
    between = [path, *path.parents]
    for folder in reversed(between[: between.index(root)]):
        make_folder(root, folder)
