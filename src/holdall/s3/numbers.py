"""Numbers as headers, queries and bodies write them."""

from __future__ import annotations

DIGITS = 18
"""More do not fit into the 64 bits of a catalog, and cost ever more time to read."""


def natural(text: str | None) -> int | None:
    """A number of ASCII digits; None for anything else, and for what is absurdly large."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= DIGITS):
        return None
    return int(text)
