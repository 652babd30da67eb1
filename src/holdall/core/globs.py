"""Glob patterns on keys, with `/` as the separator.

`*` is any run of characters but `/`, `?` one of them, `[seq]` and `[!seq]` one of a set or
outside it; a segment `**` is any number of whole segments, at the end everything below. A
segment that is only `*` is not empty, so `a/*` leaves out the key `a/`. No character is
special in other ways: a leading dot is matched too. A literal `*` is written `[*]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = re.compile(r"\*+|\?|\[!?[^/][^\]/]*\]|.", re.DOTALL)
_MAGIC: Final = re.compile(r"[*?\[]")


def translate(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression; use its `fullmatch`.

    Its cost grows with the lengths of key and pattern, never exponentially: between two
    wildcards the first fit is as good as any other, so it is taken and kept (`(?>…)`).
    """
    first, *others = _runs(pattern)
    if not others:
        return re.compile(first or "", re.DOTALL)
    *middle, last = others
    parts = ["" if first is None else f"{first}/"]
    parts += [f"(?>(?:[^/]*/)*?{run}/)" for run in middle if run is not None]
    parts.append(".*" if last is None else f"(?:[^/]*/)*?{last}")
    return re.compile("".join(parts), re.DOTALL)


def literal_prefix(pattern: str) -> str:
    """What every key that matches starts with, as far as the pattern says it in letters."""
    prefix = ""
    for token in _TOKEN.findall(pattern):
        char = _literal(token)
        if char is None:
            break
        prefix += char
    return prefix


def escape(key: str) -> str:
    """The pattern that matches this key and no other."""
    return _MAGIC.sub(lambda char: f"[{char[0]}]", key)


def _runs(pattern: str) -> list[str | None]:
    """Expressions of the segments before, between and after `**`; None where there are none.

    A run may be one empty segment, as before the slash of `/**`: not the same as none.
    """
    runs: list[list[str]] = [[]]
    for segment in pattern.split("/"):
        if segment == "**":
            runs.append([])
        else:
            runs[-1].append(_segment(segment))
    return ["/".join(run) if run else None for run in runs]


def _segment(segment: str) -> str:
    if segment and not segment.strip("*"):
        return "[^/]+"
    first, *others = _between_stars(segment)
    if not others:
        return first
    *middle, last = others
    return first + "".join(f"(?>[^/]*?{part})" for part in middle) + f"[^/]*{last}"


def _between_stars(segment: str) -> list[str]:
    parts = [""]
    for token in _TOKEN.findall(segment):
        if token[0] == "*":
            parts.append("")
        else:
            parts[-1] += _expression(token)
    return parts


def _literal(token: str) -> str | None:
    """The one character that a token stands for, or None."""
    if len(token) == 1:
        return None if token in "*?" else token
    if len(token) == 3 and token[0] == "[":
        return token[1]
    return None


def _expression(token: str) -> str:
    char = _literal(token)
    if char is not None:
        return re.escape(char)
    return "[^/]" if token == "?" else _character_set(token[1:-1])


def _character_set(body: str) -> str:
    negated = body.startswith("!")
    members = "".join(_members(body[1:] if negated else body))
    if negated:
        return f"[^/{members}]"
    return f"(?!/)[{members}]" if members else "(?!)"


def _members(body: str) -> Iterator[str]:
    """Single characters and ranges; a range that runs backwards holds nothing."""
    at = 0
    while at < len(body):
        low, high = body[at], body[at + 2 : at + 3]
        if body[at + 1 : at + 2] != "-" or not high:
            yield re.escape(low)
            at += 1
            continue
        if low <= high:
            yield f"{re.escape(low)}-{re.escape(high)}"
        at += 3
