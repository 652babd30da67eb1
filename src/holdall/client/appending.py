"""Finishing a download in the file that an earlier one left shorter."""

from __future__ import annotations

import os
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self


class Appending:
    """Compares a blob's bytes with the file's, and appends where the file ends. Blocks.

    Nothing is written before every byte that is there was found to be the blob's.
    """

    def __init__(self, target: Path) -> None:
        self._file = FileIO(target, "r+")
        self._present = os.fstat(self._file.fileno()).st_size
        self._passed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def is_past_end(self) -> bool:
        """Whether the blob has turned out to begin with all that the file held."""
        return self._passed >= self._present

    def feed(self, data: bytes) -> bool:
        """The blob's next bytes. False when the file has others in their place."""
        left = max(0, min(len(data), self._present - self._passed))
        if left and self._read(left) != data[:left]:
            return False
        self._passed += len(data)
        self._append(memoryview(data)[left:])
        return True

    def sync(self) -> None:
        """Return when what was appended is durable."""
        os.fsync(self._file.fileno())

    def _read(self, length: int) -> bytes:
        found = b""
        while len(found) < length and (piece := self._file.read(length - len(found))):
            found += piece
        return found

    def _append(self, view: memoryview) -> None:
        while view:
            view = view[self._file.write(view) :]
