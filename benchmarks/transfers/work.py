"""What is transferred: many small files and one large one, and where each of them goes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from benchmarks.flow import made
from benchmarks.scale import MIB, Scale

BUCKET: Final = "transfers"
SMALL: Final = 4096
"""Bytes of each of the many files."""
FOLDERS: Final = 50
LARGE: Final = "large"


class Work(Enum):
    """What one run of a tool does."""

    FILES_UP = "files up"
    FILES_DOWN = "files down"
    LARGE_UP = "one file up"
    LARGE_DOWN = "one file down"

    @property
    def is_up(self) -> bool:
        return self in (Work.FILES_UP, Work.LARGE_UP)

    @property
    def is_large(self) -> bool:
        return self in (Work.LARGE_UP, Work.LARGE_DOWN)


@dataclass(frozen=True, slots=True)
class Route:
    """From where to where: `path` is a directory or a file here, `key` its name in the bucket,
    for a directory without a slash at its end."""

    work: Work
    path: Path
    key: str


class Stage:
    """The files that are sent, and fresh places for what comes."""

    def __init__(self, directory: Path, scale: Scale) -> None:
        self._directory = directory
        self.files = scale.files
        self.large = scale.large
        self._made = 0

    def lay_out(self) -> None:
        for number in range(self.files):
            path = self._tree / f"{number % FOLDERS:02}" / f"{number:05}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(SMALL))
        with self._file.open("wb") as file:
            for chunk in made(self.large):
                file.write(chunk)

    @property
    def _tree(self) -> Path:
        return self._directory / "tree"

    @property
    def _file(self) -> Path:
        return self._directory / LARGE

    def first(self, work: Work) -> Route:
        """What has to be there before the downloads."""
        return Route(work, self._file if work.is_large else self._tree, work.value.split()[0])

    def next(self, work: Work) -> Route:
        """A route to a place where nothing is yet."""
        self._made += 1
        if work.is_up:
            return Route(work, self._file if work.is_large else self._tree, f"up-{self._made}")
        return Route(work, self._directory / f"down-{self._made}", work.value.split()[0])

    def verify(self, route: Route) -> None:
        """Demand that everything came, by its size; and remove it, if it is large.

        The many stay until all is measured: ext4 passes over inodes that became free in the
        last minutes, and whoever makes files next pays for the search.
        """
        if route.work.is_up:
            return
        came = [route.path] if route.work.is_large else list(route.path.rglob("*/*"))
        sizes = [path.stat().st_size for path in came]
        expected = [self.large] if route.work.is_large else [SMALL] * self.files
        if sizes != expected:
            raise RuntimeError(f"{len(sizes)} files of {sum(sizes)} bytes came to {route.path}")
        if route.work.is_large:
            route.path.unlink()

    def amount(self, work: Work) -> float:
        """Files, or MiB."""
        return self.large / MIB if work.is_large else self.files
