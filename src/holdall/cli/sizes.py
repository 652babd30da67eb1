"""Sizes and rates as people write them."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
_SIZE: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([kmgt]?)b?", re.IGNORECASE)


def bytes_of(text: str) -> int | None:
    """`900`, `500k`, `1.5MB`, `2G` in bytes, units being decimal; None for anything else."""
    match = _SIZE.fullmatch(text)
    return None if match is None else int(float(match[1]) * _UNITS[match[2].lower()])
