"""Listings: tables that fit the terminal, or tab-separated lines for other programs.

A listing may have millions of rows, so they are written in batches; a column is as wide
as the widest cell so far.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TextIO

from holdall.cli.printable import printable

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and whether its cells are numbers, which are set to the right."""

    name: str
    right: bool = False


class Rows:
    """A listing as JSON lines, and the interface of the others."""

    is_empty = True

    def __init__(self, write: Callable[[Mapping[str, Any]], None]) -> None:
        self._write = write

    def add(self, fields: Mapping[str, Any], *cells: str) -> None:
        """One row: `fields` as JSON, `cells` as text."""
        self.is_empty = False
        self._write(fields)

    def close(self) -> None:
        """Write what is still held back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # What was found before a failure is a result all the same.
        self.close()


class TextRows(Rows):
    """One line a row, its cells separated by tabs, without a heading."""

    def __init__(self, out: TextIO, *, end: str = "\n") -> None:
        self._out = out
        self._end = end

    def add(self, fields: Mapping[str, Any], *cells: str) -> None:
        self.is_empty = False
        print("\t".join(map(printable, cells)), file=self._out, end=self._end)


class TerminalRows(Rows):
    """A table with a heading; the last column is folded where the terminal ends."""

    def __init__(self, columns: Sequence[Column], out: TextIO) -> None:
        self._columns = columns
        self._out = out
        self._held: list[tuple[str, ...]] = []
        self._widths = [len(column.name) for column in columns]
        self._is_headed = False

    def add(self, fields: Mapping[str, Any], *cells: str) -> None:
        self.is_empty = False
        self._held.append(tuple(map(printable, cells)))
        if len(self._held) >= _BATCH:
            self._show()

    def close(self) -> None:
        if self._held:
            self._show()

    def _show(self) -> None:
        from rich.console import Console  # slow to import, and only terminals need it

        held, self._held = self._held, []
        self._widen(held)
        console = Console(file=self._out, highlight=False, markup=False, emoji=False)
        console.print(self._table(held))
        self._is_headed = True

    def _widen(self, rows: Sequence[Sequence[str]]) -> None:
        from rich.cells import cell_len

        for row in rows:
            self._widths = [
                max(width, cell_len(cell)) for width, cell in zip(self._widths, row, strict=True)
            ]

    def _table(self, rows: Sequence[Sequence[str]]) -> Any:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, show_header=not self._is_headed)
        for place, (column, width) in enumerate(zip(self._columns, self._widths, strict=True)):
            is_last = place == len(self._columns) - 1
            table.add_column(
                Text(column.name),
                justify="right" if column.right else "left",
                min_width=None if is_last else width,
                no_wrap=not is_last,
                overflow="fold",
            )
        for row in rows:
            table.add_row(*map(Text, row))
        return table
