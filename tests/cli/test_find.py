"""find: conditions, directories, and output for other programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdall.cli.finding import SizeRange, moment_of
from holdall.core.errors import InvalidArgument
from tests.cli.conftest import Holdall

NOW = datetime(2026, 5, 17, 12, tzinfo=UTC)


@pytest.fixture
def full(holdall: Holdall, bucket: str, tree: Path) -> str:
    assert holdall("cp", "-r", tree, f"{bucket}/t").code == 0
    return bucket


def test_everything_directories_first_as_uris_that_are_taken_again(
    holdall: Holdall, full: str
) -> None:
    found = holdall("find", full).lines
    assert found == [
        "blob:docs/t/",
        "blob:docs/t/empty",
        "blob:docs/t/hollow/",
        "blob:docs/t/one.txt",
        "blob:docs/t/sub/",
        "blob:docs/t/sub/b%20%23%3F%25.bin",
        "blob:docs/t/sub/deep/",
        "blob:docs/t/sub/deep/%C3%BC",
    ]
    for uri in found:
        assert holdall("ls", uri).code == 0


def test_by_name_and_type(holdall: Holdall, full: str) -> None:
    assert holdall("find", full, "--name", "*.txt").lines == ["blob:docs/t/one.txt"]
    assert holdall("find", full, "--name", "[de]*p").lines == ["blob:docs/t/sub/deep/"]
    assert holdall("find", full, "--name", "*.TXT").lines == []
    assert holdall("find", f"{full}/t/sub", "--type", "d").lines == ["blob:docs/t/sub/deep/"]
    assert len(holdall("find", full, "--type", "f").lines) == 4
    assert holdall("find", full, "--name", "t/*").code == 2
    assert holdall("find", full, "--type", "x").code == 2


def test_by_size_and_time_directories_have_neither(holdall: Holdall, full: str) -> None:
    assert holdall("find", full, "--size", "+4").lines == [
        "blob:docs/t/sub/b%20%23%3F%25.bin",
        "blob:docs/t/sub/deep/%C3%BC",
    ]
    assert holdall("find", full, "--size", "-4").lines == ["blob:docs/t/empty"]
    assert holdall("find", full, "--size", "4").lines == ["blob:docs/t/one.txt"]
    assert len(holdall("find", full, "--newer", "1h").lines) == 4
    assert holdall("find", full, "--older", "1h").lines == []
    assert holdall("find", full, "--newer", "2999-01-01").lines == []
    assert len(holdall("find", full, "--older", "2999-01-01", "--newer", "1d").lines) == 4
    assert holdall("find", full, "--size", "much").code == 2
    assert holdall("find", full, "--newer", "yesterday").code == 2


def test_for_other_programs(holdall: Holdall, full: str) -> None:
    assert holdall("find", full, "--size", "4", "--print0").out == "blob:docs/t/one.txt\0"
    [blob] = holdall("find", full, "--size", "4", "--json").documents
    assert (blob["type"], blob["key"], blob["size"]) == ("blob", "t/one.txt", 4)
    first = holdall("find", full, "--type", "d", "--json").documents[0]
    assert (first["type"], first["key"]) == ("directory", "t/")
    assert holdall("find", full, "--print0", "--json").code == 2


def test_a_name_is_no_prefix(holdall: Holdall, bucket: str, tree: Path) -> None:
    for key in ("foo", "foo/bar", "foobar"):
        holdall("cp", "-T", tree / "one.txt", f"{bucket}/{key}")
    assert holdall("find", f"{bucket}/foo").lines == ["blob:docs/foo", "blob:docs/foo/bar"]
    assert holdall("find", f"{bucket}/foo/").lines == ["blob:docs/foo/bar"]
    assert holdall("find", f"{bucket}/fo").code == 3
    assert holdall("find", "blob:none").code == 3


@pytest.mark.parametrize(
    ("text", "size", "is_in"),
    [
        *(("+1k", 1000, False), ("+1k", 1001, True), ("-1k", 999, True), ("-1k", 1000, False)),
        *(("1.5k", 1500, True), ("0", 0, True), ("0", 1, False), ("-1", 0, True)),
    ],
)
def test_sizes(text: str, size: int, is_in: bool) -> None:
    wanted = SizeRange.parse(text)
    assert (wanted.low <= size <= wanted.high) is is_in


@pytest.mark.parametrize("text", ["", "+", "+-1", "1x", "k", "\u0661"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(InvalidArgument):
        SizeRange.parse(text)


def test_moments() -> None:
    assert moment_of("36h", now=NOW) == datetime(2026, 5, 16, tzinfo=UTC)
    assert moment_of("2026-05-17T09:30+00:00") == datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
