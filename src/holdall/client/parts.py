"""Into which parts a large file is cut: pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024
LARGE: Final = 16 * MIB
"""Bytes from which on a file is worth cutting; smaller ones are simply sent again."""
LEAST: Final = 8 * MIB
"""Bytes of the smallest part, the last one apart; S3 wants 5 MiB (UploadPart)."""
MOST: Final = 5 * 1024 * MIB
"""Bytes of the largest part that S3 takes."""
_AIM: Final = 1000  # parts; S3 takes 10,000


@dataclass(frozen=True, slots=True)
class Cut:
    """The bytes `start` to `end` of a file, as its part `number`, from 1 on."""

    number: int
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def part_size(size: int) -> int:
    """Bytes of each part of a file of `size` bytes: whole MiB, and more for larger files."""
    wanted = -(-size // (_AIM * MIB)) * MIB
    return min(MOST, max(LEAST, wanted))


def cuts(size: int, each: int) -> list[Cut]:
    """The parts of `each` bytes, the last one perhaps shorter."""
    starts = range(0, size, each)
    return [Cut(n, start, min(start + each, size)) for n, start in enumerate(starts, 1)]
