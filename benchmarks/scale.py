"""How much is measured: enough for figures to quote, or just enough to see that all works."""

from __future__ import annotations

from dataclasses import dataclass

GIB = 1024**3
MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Scale:
    """`small` operations a turn on small blobs; `large` bytes of the large one;
    `files` to transfer."""

    repeats: int
    small: int
    large: int
    keys: int
    few_keys: int = 10_000
    lookups: int = 4_000
    pages: int = 40
    new_keys: int = 1_000
    files: int = 5_000


FULL = Scale(repeats=5, small=4_000, large=GIB, keys=1_000_000)
QUICK = Scale(
    repeats=3,
    small=1_500,
    large=GIB // 4,
    keys=100_000,
    lookups=2_000,
    pages=20,
    new_keys=500,
    files=500,
)
