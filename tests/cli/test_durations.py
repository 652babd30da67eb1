"""Lengths of time."""

from __future__ import annotations

import pytest

from holdall.cli.durations import seconds
from holdall.core.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("90s", 90), ("15m", 900), ("1h", 3600), ("30d", 2_592_000), ("1w", 604_800)],
)
def test_what_is_one(text: str, expected: int) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "text", ["", "0", "0h", "-1h", "1y", "h", "1.5h", "1 h", "9" * 10, "\u0661h"]
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(InvalidArgument):
        seconds(text)
