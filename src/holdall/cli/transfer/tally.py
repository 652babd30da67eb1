"""What a transfer has done so far, counted from its events."""

from __future__ import annotations

import os
from itertools import chain
from time import monotonic
from typing import Any
from urllib.parse import unquote_to_bytes

from yarl import URL

from holdall.cli import human
from holdall.cli.output import Output
from holdall.cli.printable import shown_name
from holdall.cli.transfer.display import Display
from holdall.client.progress import (
    AbstractRecursiveFileProgress,
    StorageProgressComplete,
    StorageProgressEnterDir,
    StorageProgressFail,
    StorageProgressLeaveDir,
    StorageProgressSkip,
    StorageProgressStart,
    StorageProgressStep,
)


class Tally(AbstractRecursiveFileProgress):
    """Counts files and bytes, reports failures as they happen, and feeds the display.

    `bytes` are those that arrived; `passed` also counts files still under way, and is what
    a bar shows.
    """

    def __init__(self, output: Output, display: Display) -> None:
        self.files = 0
        self.bytes = 0
        self.skipped = 0
        self.failed = 0
        self.passed = 0
        self._output = output
        self._display = display
        self._under_way: dict[str, int] = {}
        self._ends: dict[str, str] = {}
        self._began = monotonic()

    @property
    def seconds(self) -> float:
        return monotonic() - self._began

    @property
    def under_way(self) -> frozenset[str]:
        """Both ends of all that began and did not arrive."""
        return frozenset(chain.from_iterable(self._ends.items()))

    def start(self, data: StorageProgressStart) -> None:
        self._under_way[str(data.src)] = 0
        self._ends[str(data.src)] = str(data.dst)

    def step(self, data: StorageProgressStep) -> None:
        self.advance(str(data.src), data.current)

    def complete(self, data: StorageProgressComplete) -> None:
        self.finish(str(data.src), data.size)

    def skip(self, data: StorageProgressSkip) -> None:
        self.skip_one()

    def skip_one(self) -> None:
        """A file was left alone on purpose."""
        self.skipped += 1
        self._show()

    def enter(self, data: StorageProgressEnterDir) -> None:
        """Directories are not counted."""

    def leave(self, data: StorageProgressLeaveDir) -> None:
        """Directories are not counted."""

    def fail(self, data: StorageProgressFail) -> None:
        self.failed += 1
        self._output.fail_saying(f"{shown_name(_name_of(data.src))}: {data.message}")

    def fail_with(self, source: str, error: Any) -> None:
        """A failure that no event told of."""
        self.failed += 1
        self._output.fail(error, about=source)

    def advance(self, name: str, current: int) -> None:
        """`current` bytes of the file `name` have passed."""
        self.passed += current - self._under_way.get(name, 0)
        self._under_way[name] = current
        self._show()

    def finish(self, name: str, size: int) -> None:
        """The file `name` has arrived."""
        self.passed += size - self._under_way.pop(name, 0)
        self._ends.pop(name, None)
        self.files += 1
        self.bytes += size
        self._show()

    def fields(self) -> dict[str, Any]:
        return {
            "files": self.files,
            "bytes": self.bytes,
            "skipped": self.skipped,
            "failed": self.failed,
            "seconds": round(self.seconds, 3),
        }

    def sentence(self, verb: str) -> str:
        """`copied 3 files, 12 MB in 0.40 s (30 MB/s)`."""
        seconds = self.seconds
        parts = [f"{verb} {human.plural(self.files, 'file')}, {human.size(self.bytes)}"]
        parts += [f"{count:,} {name}" for count, name in self._exceptions() if count]
        rate = human.rate(self.bytes, seconds)
        return f"{', '.join(parts)} in {human.duration(seconds)} ({rate})"

    def _exceptions(self) -> tuple[tuple[int, str], ...]:
        return (self.skipped, "skipped"), (self.failed, "failed")

    def _show(self) -> None:
        self._display.show(self.files + self.skipped, self.passed)


def _name_of(source: URL) -> str:
    """A path byte by byte: yarl's own decoding leaves `%ff` in names that are not UTF-8."""
    if source.scheme != "file":
        return str(source)
    return os.fsdecode(unquote_to_bytes(source.raw_path))
