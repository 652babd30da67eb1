from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdall.server.access.wildcards import ANY, STAR, matches, matches_any, pattern, reaches

PATTERNS = st.text("ab*?", max_size=8)
TEXTS = st.text("ab*?", max_size=10)


def slow(found: str, text: str) -> bool:
    """The meaning, spelled out: every way tried."""
    if not found:
        return not text
    if found[0] == "*":
        return any(slow(found[1:], text[at:]) for at in range(len(text) + 1))
    return bool(text) and found[0] in ("?", text[0]) and slow(found[1:], text[1:])


@given(PATTERNS, TEXTS)
@example("a*a", "a")
@example("*a*a*", "a")
def test_patterns_mean_what_the_slow_matcher_says(found: str, text: str) -> None:
    assert matches(pattern(found), text) == slow(found, text)


@given(st.lists(PATTERNS, max_size=4), TEXTS)
def test_many_patterns_are_as_each_of_them(listed: list[str], text: str) -> None:
    assert matches_any(map(pattern, listed), text) == any(slow(each, text) for each in listed)


@given(PATTERNS, st.text("ab", max_size=3), st.text("ab", max_size=4))
def test_what_fits_reaches_all_its_beginnings(found: str, prefix: str, rest: str) -> None:
    if slow(found, prefix + rest):
        assert reaches(pattern(found), prefix)


@pytest.mark.parametrize(
    ("found", "prefix", "expected"),
    [("abc", "ab", True), ("abc", "b", False), ("a*", "axyz", True), ("a?c", "ab", True),
     ("a", "ab", False), ("*x", "anything", True), ("", "a", False)],
)  # fmt: skip
def test_what_can_still_fit(found: str, prefix: str, expected: bool) -> None:
    assert reaches(pattern(found), prefix) is expected


def test_a_text_that_looks_like_a_pattern_is_none() -> None:
    assert not matches("a*", "ab")
    assert matches("a*", "a*")
    assert not matches(pattern("a"), STAR)
    assert not matches(ANY, "")


@pytest.mark.parametrize("part", ["*a", "*a?", "*?a*b"])
def test_hostile_patterns_end(part: str) -> None:
    """Each would keep a matcher that goes back busy for longer than the world has stood."""
    assert not matches(pattern(part * 5000 + "z"), "a" * 1024)
    assert not matches_any([pattern(part * 3 + "z")] * 1000, "a" * 1024)
