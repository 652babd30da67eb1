"""Where a command's results go: text for people and pipes, or JSON.

Results go to standard output, everything else to standard error. No control character
reaches either: JSON escapes them, text passes through `printable`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from typing import Any, TextIO

from yarl import URL

from holdall.cli import human
from holdall.cli.exit_codes import ExitCode, exit_code_of
from holdall.cli.printable import printable
from holdall.cli.tables import Column, Rows, TerminalRows, TextRows
from holdall.core.errors import HoldallError


class Output:
    """What a command writes to. `code` is what the process will exit with."""

    def __init__(
        self, *, as_json: bool, out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self.as_json = as_json
        self.code = ExitCode.OK
        self._given_out = out
        self._given_err = err

    # Looked up each time: a live display puts itself in the place of both.
    @property
    def _out(self) -> TextIO:
        return self._given_out or sys.stdout

    @property
    def _err(self) -> TextIO:
        return self._given_err or sys.stderr

    @property
    def is_terminal(self) -> bool:
        """Whether a person reads standard output as it is written."""
        return self._out.isatty() and not self.as_json

    @property
    def shows_bars(self) -> bool:
        """Whether live progress may be drawn, which is done on standard error."""
        return self._err.isatty() and not self.as_json

    def size(self, count: int) -> str:
        """Bytes: rounded for people, exact for programs."""
        return human.size(count) if self.is_terminal else str(count)

    def time(self, time: datetime | None) -> str:
        """A time: to the second for people, exact for programs."""
        return human.local_time(time) if self.is_terminal else human.exact_time(time)

    def result(self, fields: Mapping[str, Any], *lines: str) -> None:
        """The outcome of an operation: one JSON document on a line, or these lines."""
        if self.as_json:
            self._json(fields)
        else:
            self.say(*lines)

    def say(self, *lines: str) -> None:
        """Lines for people; nothing as JSON."""
        for line in () if self.as_json else lines:
            print(printable(line), file=self._out)

    def fact(self, name: str, text: str, fields: Mapping[str, Any]) -> None:
        """One of a list of findings: a name, set apart, and what was found."""
        if self.is_terminal:
            self._styled(f"{name:<12}", text)
        else:
            self.result({"step": name, **fields}, f"{name:<12}{text}")
        self._out.flush()

    def rows(self, *columns: Column) -> Rows:
        """A listing: a table on a terminal, tab-separated lines elsewhere, or JSON lines."""
        if self.as_json:
            return Rows(self._json)
        if self.is_terminal:
            return TerminalRows(columns, self._out)
        return TextRows(self._out)

    @contextmanager
    def listing(self, *columns: Column) -> Iterator[Rows]:
        """The same of what is often empty, which people are told: no row for programs."""
        with self.rows(*columns) as rows:
            yield rows
        if rows.is_empty:
            self.note("none")

    def names(self, *, end: str = "\n") -> Rows:
        """A listing of names alone, which needs no heading."""
        return Rows(self._json) if self.as_json else TextRows(self._out, end=end)

    def note(self, text: str) -> None:
        """A remark for people on standard error; nothing as JSON."""
        if not self.as_json:
            self._complain(text)

    def fail(self, error: HoldallError | OSError, *, about: str = "") -> None:
        """Report a failure and remember it in `code`; the first one decides."""
        text = message_of(error)
        is_named = not about or text.startswith(f"{about}:")
        self.fail_saying(text if is_named else f"{about}: {text}", exit_code_of(error))

    def fail_saying(self, text: str, code: ExitCode = ExitCode.FAILED) -> None:
        """The same for a failure of which only the text is left."""
        self._complain(text)
        if self.code is ExitCode.OK:
            self.code = code

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._out.flush()
        self._err.flush()

    def _styled(self, name: str, text: str) -> None:
        from rich.console import Console  # slow to import, and only terminals need it
        from rich.text import Text

        line = Text.assemble((printable(name), "bold green"), printable(text))
        Console(file=self._out, highlight=False, soft_wrap=True).print(line)

    def _complain(self, text: str) -> None:
        print(f"holdall: {printable(text)}", file=self._err, flush=True)

    def _json(self, fields: Mapping[str, Any]) -> None:
        # ASCII only: an 8-bit control character is one to a terminal too.
        print(json.dumps(fields, default=_plain, ensure_ascii=True), file=self._out)


def message_of(error: HoldallError | OSError) -> str:
    """What to tell a person. An operating system's error names its path itself."""
    if isinstance(error, HoldallError):
        return error.message
    if error.strerror is None:
        return str(error) or type(error).__name__
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, URL):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"not for JSON: {type(value).__name__}")
