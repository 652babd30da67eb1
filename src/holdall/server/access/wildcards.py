"""The wildcards `*` and `?` of policies, matched in time that grows evenly with the text.

A pattern is a text in which two code points that no UTF-8 can hold stand for the wildcards,
so that what is filled in for a policy variable is never taken for one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

STAR: Final = "\ud800"
"""Any run of characters, `/` and none at all included."""
ANY: Final = "\ud801"
"""One character."""


def pattern(text: str) -> str:
    return text.replace("*", STAR).replace("?", ANY)


def matches(found: str, text: str) -> bool:
    """Whether a pattern fits all of a text."""
    if ANY in found:
        return _Automaton([found]).accepts(text)
    head, *others = found.split(STAR)
    if not others:
        return text == head
    *middle, tail = others
    start, end = len(head), len(text) - len(tail)
    if start > end or not (text.startswith(head) and text.endswith(tail)):
        return False
    return _in_order(middle, text, start, end)


def _in_order(chunks: Iterable[str], text: str, at: int, end: int) -> bool:
    """Between two stars the first place that fits is as good as any later one."""
    for chunk in chunks:
        at = text.find(chunk, at, end)
        if at < 0:
            return False
        at += len(chunk)
    return True


def matches_any(patterns: Iterable[str], text: str) -> bool:
    """Whether one of the patterns fits. Those with `?` share one walk over the text."""
    slow = []
    for found in patterns:
        if ANY in found:
            slow.append(found)
        elif matches(found, text):
            return True
    return bool(slow) and _Automaton(slow).accepts(text)


def reaches(found: str, prefix: str) -> bool:
    """Whether a text that starts with `prefix` could still fit the pattern."""
    return _Automaton([found]).after(prefix) != 0


class _Automaton:
    """Patterns side by side as the bits of one integer, bit by bit what has been matched.

    Regular expressions go back over the text again and again for `*a?a?a…`; this reads each
    character once.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._start = self._final = self._loops = self._any = 0
        self._chars: dict[str, int] = defaultdict(int)
        bit = 1
        for found in patterns:
            self._start |= bit
            bit = self._add(found, bit)
            self._final |= bit
            bit <<= 1

    def _add(self, found: str, bit: int) -> int:
        for char in found:
            if char == STAR:
                self._loops |= bit
                continue
            if char == ANY:
                self._any |= bit
            else:
                self._chars[char] |= bit
            bit <<= 1
        return bit

    def accepts(self, text: str) -> bool:
        return bool(self.after(text) & self._final)

    def after(self, text: str) -> int:
        """Where the patterns stand after a text; 0 when none can fit any more."""
        state = self._start
        for char in text:
            moves = self._chars.get(char, 0) | self._any
            state = (state & moves) << 1 | state & self._loops
            if not state:
                break
        return state
