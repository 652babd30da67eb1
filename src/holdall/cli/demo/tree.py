"""The tree that the demo stores, and the comparison of what came back with it."""

from __future__ import annotations

import os
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_BLOCK: Final = 1024 * 1024

# What pip and the interpreter add to the standard library's folder over time.
_NOT_LIBRARY: Final = frozenset({"site-packages", "dist-packages", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder, and the names of folders in it that are left out."""

    path: Path
    without: frozenset[str] = frozenset()

    async def wants(self, relative: str) -> bool:
        """The filter for an upload: a folder's path ends in `/`."""
        return not relative.endswith("/") or Path(relative).name not in self.without


def standard_library() -> Tree:
    """Some two thousand files that every Python has."""
    return Tree(Path(sysconfig.get_paths()["stdlib"]), _NOT_LIBRARY)


def differences(tree: Tree, copy: Path) -> tuple[int, list[str]]:
    """How many files of `copy` were compared with the tree, and which of them differ."""
    compared, different = 0, []
    for folder, _, names in os.walk(copy):
        for name in names:
            path = Path(folder, name)
            relative = path.relative_to(copy)
            compared += 1
            if not same_bytes(tree.path / relative, path):
                different.append(str(relative))
    return compared, different


def same_bytes(first: Path, second: Path) -> bool:
    """Whether two files hold the same; one that cannot be read is not the same."""
    try:
        with first.open("rb") as one, second.open("rb") as other:
            while block := one.read(_BLOCK):
                if other.read(len(block)) != block:
                    return False
            return not other.read(1)
    except OSError:
        return False
