"""Directories as trees, with what each holds, and how they are drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_DIRECTORY: Final = re.compile(r"[^/]*/")


@dataclass(slots=True)
class Branch:
    """A blob or a directory. `size` is in bytes; a directory's figures are of all below it."""

    name: str
    size: int = 0
    files: int = 0
    directories: int = 0
    children: dict[str, Branch] = field(default_factory=dict)

    @property
    def is_directory(self) -> bool:
        return self.name.endswith("/")


@dataclass(frozen=True, slots=True)
class Twig:
    """A branch where it is drawn: after `lines`, and `path` below the root."""

    branch: Branch
    path: str
    lines: str
    depth: int


class Tree:
    """What is below a directory; kept down to `depth`, None being all, and counted below that."""

    def __init__(self, depth: int | None = None) -> None:
        self.root = Branch("/")
        self._depth = depth

    def add_directory(self, path: str) -> None:
        """Each directory once; its path ends with a slash."""
        names = _DIRECTORY.findall(path)
        for above in self._kept(names)[: len(names)]:
            above.directories += 1

    def add_blob(self, path: str, size: int) -> None:
        names = _DIRECTORY.findall(path)
        above = self._kept(names)
        for directory in above:
            directory.files += 1
            directory.size += size
        if self._depth is None or len(names) < self._depth:
            name = path.rpartition("/")[2]
            above[-1].children[name] = Branch(name, size, files=1)

    def _kept(self, names: list[str]) -> list[Branch]:
        """The root and the directories of these names, as far down as they are kept."""
        way = [self.root]
        for name in names[: self._depth]:
            way.append(way[-1].children.setdefault(name, Branch(name)))
        return way

    def drawn(self) -> Iterator[Twig]:
        """All but the root, each directory before what is in it. Keys may be nested deeper than
        Python's stack, so none is used."""
        waiting = _twigs(Twig(self.root, "", "", 0), "")
        while waiting:
            margin, twig = waiting.pop()
            yield twig
            waiting += _twigs(twig, margin)


def _twigs(above: Twig, margin: str) -> list[tuple[str, Twig]]:
    """What is in a directory, last first, each with the margin of what is in it."""
    found = []
    last = len(above.branch.children) - 1
    for place, (name, child) in enumerate(above.branch.children.items()):
        elbow, below = ("└── ", "    ") if place == last else ("├── ", "│   ")
        twig = Twig(child, above.path + name, margin + elbow, above.depth + 1)
        found.append((margin + below, twig))
    return found[::-1]
