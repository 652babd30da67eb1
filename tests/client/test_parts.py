"""Into which parts files are cut."""

from __future__ import annotations

import pytest

from holdall.client.parts import LEAST, MIB, MOST, Cut, cuts, part_size


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1, LEAST),
        (8000 * MIB, LEAST),
        (8000 * MIB + 1, 9 * MIB),
        (5 * 1024 * 1024 * MIB, MOST),  # the largest object of S3
    ],
)
def test_parts_grow_with_the_file(size: int, expected: int) -> None:
    assert part_size(size) == expected
    assert -(-size // expected) <= 10_000


def test_cuts_cover_the_file_once() -> None:
    assert cuts(25, 10) == [Cut(1, 0, 10), Cut(2, 10, 20), Cut(3, 20, 25)]
    assert cuts(20, 10) == [Cut(1, 0, 10), Cut(2, 10, 20)]
    assert cuts(0, 10) == []
