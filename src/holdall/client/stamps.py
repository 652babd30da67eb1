"""What tells one content of a local file from another without reading it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from holdall.core.errors import Conflict


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file's size in bytes, its time of modification in nanoseconds, and its inode."""

    size: int
    modified: int
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> Self:
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)

    def demand(self, path: Path, found: os.stat_result) -> None:
        """`Conflict` when the file is not what it was any more."""
        now = Stamp.of(found)
        if now != self:
            raise Conflict(
                f"{path} changed while it was read", path=path, expected=self.size, actual=now.size
            )
