"""How a transfer shows that it goes on: bars on a terminal, now and then a line elsewhere."""

from __future__ import annotations

from time import monotonic
from types import TracebackType
from typing import Final, Self

from holdall.cli import human
from holdall.cli.output import Output

_LINE_EVERY: Final = 10.0
"""Seconds. A transfer that takes less prints no line but its result."""


class Display:
    """Shows nothing: JSON, and the interface of the others."""

    def show(self, files: int, size: int) -> None:
        """So many files are done and so many bytes have passed."""

    def expect(self, files: int, size: int) -> None:
        """So much more will come."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the display away."""


class Lines(Display):
    """A line every ten seconds, for logs."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._began = self._last = monotonic()

    def show(self, files: int, size: int) -> None:
        now = monotonic()
        if now - self._last < _LINE_EVERY:
            return
        self._last = now
        rate = human.rate(size, now - self._began)
        self._output.note(f"{human.plural(files, 'file')}, {human.size(size)}, {rate}")


class Bar(Display):
    """A live line on standard error: files, bytes, rate and time left."""

    def __init__(self) -> None:
        from rich import progress as bars  # slow to import, and only terminals need it
        from rich.console import Console

        self._bars = bars.Progress(
            bars.TextColumn("{task.fields[count]}"),
            bars.BarColumn(),
            bars.DownloadColumn(),
            bars.TransferSpeedColumn(),
            bars.TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            # Results are not progress: only what is said on standard error is worked in.
            redirect_stdout=False,
        )
        self._files = 0
        self._size = 0
        self._done = 0
        self._task = self._bars.add_task("", total=None, count="")

    def show(self, files: int, size: int) -> None:
        self._done = files
        self._bars.update(self._task, completed=size, count=self._count())

    def expect(self, files: int, size: int) -> None:
        self._files += files
        self._size += size
        self._bars.update(self._task, total=self._size, count=self._count())

    def _count(self) -> str:
        """How many files are done, of how many where that is known yet."""
        if not self._files:
            return human.plural(self._done, "file")
        return f"{self._done:,} of {human.plural(self._files, 'file')}"

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()


def display_for(output: Output) -> Display:
    """The display that suits where standard error goes."""
    if output.shows_bars:
        return Bar()
    return Display() if output.as_json else Lines(output)
