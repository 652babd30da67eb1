from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdall.core.globs import escape, literal_prefix, translate

KEYS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40)
NARROW_KEYS = st.text("ab/*.\n", max_size=9)
PATTERNS = st.lists(
    st.sampled_from(
        ["a", "b", "/", "*", "**", "**/", "/**", "?", "[ab]", "[!a]", "[*]", "[", ".", "[a-b]"]
    ),
    max_size=8,
).map("".join)


def matches(pattern: str, key: str) -> bool:
    return translate(pattern).fullmatch(key) is not None


def slow_match(pattern: list[str], key: list[str]) -> bool:
    """The meaning, spelled out: by segments, every way tried."""
    if not pattern:
        return not key
    if pattern[0] != "**":
        return bool(key) and slow_segment(pattern[0], key[0]) and slow_match(pattern[1:], key[1:])
    if len(pattern) == 1:
        return bool(key)
    return any(slow_match(pattern[1:], key[at:]) for at in range(len(key) + 1))


def slow_segment(pattern: str, name: str) -> bool:
    if pattern and set(pattern) == {"*"}:
        return name != ""
    return slow_chars(pattern, name)


def slow_chars(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(slow_chars(pattern[1:], name[at:]) for at in range(len(name) + 1))
    token = re.match(r"\[!?[^\]]+\]", pattern)
    if token is None:
        fits = bool(name) and pattern[0] in ("?", name[0])
        return fits and slow_chars(pattern[1:], name[1:])
    body = token[0][1:-1]
    members = set("ab" if body == "a-b" else body.lstrip("!"))
    fits = bool(name) and (name[0] in members) != (body[0] == "!")
    return fits and slow_chars(pattern[token.end() :], name[1:])


@settings(max_examples=500)
@given(PATTERNS, NARROW_KEYS)
def test_patterns_mean_what_the_slow_matcher_says(pattern: str, key: str) -> None:
    # A `[` from the list may pair with a later `]` in ways that the slow matcher leaves out.
    if re.search(r"\[[^\]]*[\[/]", pattern):
        return
    assert matches(pattern, key) == slow_match(pattern.split("/"), key.split("/"))


@given(KEYS, KEYS)
def test_an_escaped_key_matches_itself_alone(key: str, other: str) -> None:
    assert matches(escape(key), key)
    assert matches(escape(key), other) == (key == other)
    assert literal_prefix(escape(key)) == key


@given(st.text("ab*?[]!-/", min_size=1, max_size=8), st.text("ab*?[]!-/", min_size=1, max_size=8))
def test_an_escaped_key_of_magic_characters_matches_itself_alone(key: str, other: str) -> None:
    assert matches(escape(key), key)
    assert matches(escape(key), other) == (key == other)


@given(PATTERNS, NARROW_KEYS)
def test_whatever_matches_has_the_literal_prefix(pattern: str, key: str) -> None:
    if matches(pattern, key):
        assert key.startswith(literal_prefix(pattern))


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*", ["a", ".a", "a\nb"], ["", "a/b", "/"]),
        ("a/*", ["a/b"], ["a/", "a", "a/b/c", "a//b"]),
        ("*.txt", [".txt", "a.txt", "a\n.txt"], ["a/b.txt", "a.txt2"]),
        ("a*b*c", ["abc", "aXbYc", "abbcc"], ["ab", "a/bc", "acb"]),
        ("?", ["a", "\n", "é"], ["", "/", "ab"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "x", "-x"]),
        ("[!a-c]x", ["dx", "\nx"], ["ax", "/x", "x"]),
        ("[+-9]", ["+", "5"], ["/"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[]]", ["]"], ["[]]"]),
        ("[!]]", ["a"], ["]"]),
        ("[!]", ["!"], ["a"]),
        ("[^a]", ["^", "a"], ["b"]),
        ("[c-a]", [], ["a", "b", "c", "[c-a]"]),
        ("[!c-a]", ["a", "z"], ["/"]),
        (r"[\]", ["\\"], ["]"]),
        (r"[\d]", ["\\", "d"], ["1"]),
        ("[", ["["], ["a"]),
        ("[a/b]", ["[a/b]"], ["a", "/"]),
        ("a[*]b[?]", ["a*b?"], ["aXbY"]),
        ("**", ["a", "a/b", "/", "a\nb/c"], []),
        ("**/**", ["a", "a/b/c"], []),
        ("a/**", ["a/", "a/b", "a/b/c", "a//"], ["a", "ab/c"]),
        ("**/a", ["a", "x/a", "x/y/a", "/a"], ["xa", "a/x"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b", "a//b"], ["ab", "a/xb", "a/b/c"]),
        ("a/**/**/b", ["a/b", "a/x/b"], ["ab"]),
        ("folder1/**/*.txt", ["folder1/a.txt", "folder1/x/y/a.txt"], ["folder1.txt", "a.txt"]),
        ("a/**/", ["a/", "a/b/"], ["a", "a/b"]),
        ("/**", ["/", "/a/b"], ["a", "a/b"]),
        ("**//**", ["/", "//", "a//b", "/a"], ["a", "a/b"]),
        ("a**b", ["ab", "aXb"], ["a/b"]),
        ("/a", ["/a"], ["a"]),
        ("a.b+(c)", ["a.b+(c)"], ["aXb+(c)", "a.bb(c)"]),
        ("", [""], ["a"]),
    ],
)
def test_patterns(pattern: str, yes: list[str], no: list[str]) -> None:
    assert [key for key in yes if not matches(pattern, key)] == []
    assert [key for key in no if matches(pattern, key)] == []


@pytest.mark.parametrize(
    ("pattern", "prefix"),
    [
        ("a/b/*.txt", "a/b/"), ("a/**/b", "a/"), ("**", ""), ("a?c", "a"), ("a[*]b*", "a*b"),
        ("a[bc]d", "a"), ("a[!b]d", "a"), ("a[b", "a[b"), ("plain/key", "plain/key"), ("", ""),
    ],
)  # fmt: skip
def test_literal_prefix(pattern: str, prefix: str) -> None:
    assert literal_prefix(pattern) == prefix


# With backtracking each of these takes longer than the universe has; without, no time.
@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("*a" * 40 + "b", "a" * 1000),
        ("**/a/" * 20 + "b", "a/" * 500),
        ("**/" * 50 + "*a*a*a*b", "a/" * 500),
        ("**/*a*" * 15 + "/c", "aa/" * 300),
        ("*" * 500 + "b", "a" * 1000),
    ],
)
def test_no_pattern_makes_the_search_explode(pattern: str, key: str) -> None:
    assert not matches(pattern, key)


def test_long_patterns_with_many_wildcards_still_match() -> None:
    assert matches("**/a/" * 20 + "b", "a/" * 40 + "b")
    assert matches("*a" * 40, "ba" * 100)
