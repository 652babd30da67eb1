"""Numbers in requests: digits and nothing else, and not too many."""

from __future__ import annotations

import pytest

from holdall.s3.numbers import natural


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_what_is_a_number(text: str, number: int) -> None:
    assert natural(text) == number


@pytest.mark.parametrize("text", [None, "", "-1", "+1", "1.0", "1 ", "\u0661", "\u00b2", "9" * 19])
def test_what_is_none(text: str | None) -> None:
    assert natural(text) is None
