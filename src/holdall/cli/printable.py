"""Text that a terminal shows and never obeys.

A key may hold any character: an escape sequence in one must not recolour, retitle or
reorder what the person reads, nor a line end forge a line of output.
"""

from __future__ import annotations

import unicodedata
from typing import Final

# Controls, surrogates, line and paragraph separators.
_UNSAFE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
# What reorders the text after it (Unicode Standard Annex 9), and invisible marks of that.
_REORDERING: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """`text` with everything that acts on a terminal written as an escape."""
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def shown_name(name: str) -> str:
    """A key or path for people, unambiguously: its backslashes are doubled."""
    return printable(name.replace("\\", "\\\\"))


def _shown(character: str) -> str:
    if unicodedata.category(character) in _UNSAFE or character in _REORDERING:
        return _SHORT.get(character) or _escape(ord(character))
    return character


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
