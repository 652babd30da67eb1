"""Text for people: escapes, sizes, tables."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.cli import human
from holdall.cli.output import Output
from holdall.cli.printable import printable, shown_name
from holdall.cli.tables import Column

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@given(st.text())
def test_nothing_that_acts_on_a_terminal_remains(text: str) -> None:
    assert not CONTROL.search(printable(text))
    assert not CONTROL.search(shown_name(text))


@given(st.text(), st.text())
def test_two_names_never_look_the_same(one: str, other: str) -> None:
    assert (shown_name(one) == shown_name(other)) == (one == other)


def test_letters_of_all_scripts_stay_as_they_are() -> None:
    text = "grün 日本語 عربى 👩‍🚀 a b~"
    assert shown_name(text) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_951, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (1_500_000_000, "1.5 GB"),
        (2**63, "9.2 EB"),
        (10**21 * 5, "5000 EB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    assert human.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.004, "0.00 s"),
        (0.53, "0.53 s"),
        (0.996, "1.0 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (3725, "1 h 2 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert human.duration(seconds) == text


def test_exact_times_can_be_given_back() -> None:
    time = datetime(2026, 5, 17, 9, 30, 1, 234567, UTC)
    assert datetime.fromisoformat(human.exact_time(time)) == time


def listing(out: io.StringIO, rows: int, name: str = "name") -> list[str]:
    output = Output(as_json=False, out=out)
    with output.rows(Column("size", right=True), Column("name")) as table:
        for number in range(rows):
            table.add({}, str(number), name)
    return out.getvalue().splitlines()


def test_a_table_fits_the_terminal_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = listing(Terminal(), 1, "x" * 100)
    assert all(len(re.sub("\x1b\\[[0-9;]*m", "", line)) <= 40 for line in lines)
    assert "".join(lines).count("x") == 100


def test_a_long_table_has_one_heading() -> None:
    lines = listing(Terminal(), 1201)
    assert len(lines) == 1202
    assert sum("size" in line for line in lines) == 1


def test_elsewhere_there_are_tabs_and_no_heading() -> None:
    assert listing(io.StringIO(), 2, "a\tb") == ["0\ta\\tb", "1\ta\\tb"]


def test_sizes_are_rounded_for_people_only() -> None:
    assert Output(as_json=False, out=Terminal()).size(123_456) == "123 kB"
    assert Output(as_json=False, out=io.StringIO()).size(123_456) == "123456"


def test_json_is_ascii_on_one_line() -> None:
    out = io.StringIO()
    Output(as_json=True, out=out).result(
        {"key": "\x1b\x9bü\n", "at": datetime(2026, 1, 1, tzinfo=UTC)}
    )
    assert out.getvalue().isascii()
    assert out.getvalue().count("\n") == 1


def test_a_fact_on_a_terminal_is_one_line_however_long() -> None:
    out = Terminal()
    Output(as_json=False, out=out).fact("stored", "y" * 300 + "\x1b[2J", {})
    assert out.getvalue().count("\n") == 1
    assert "\x1b[2J" not in out.getvalue()
