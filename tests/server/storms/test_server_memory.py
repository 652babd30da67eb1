"""Memory of a server under what is large and slow. Long form: `scripts/server_memory.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .memory import MIB, download, slow, stalled, upload
from .served import Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SIZE = 384 * MIB


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a large object."""
    path = tmp_path_factory.mktemp("memory") / "store"
    served = Served(path)
    try:
        upload(served, "large", SIZE, 64 * MIB)
    finally:
        served.kill()
    return path


@pytest.fixture
def served(store: Path) -> Iterator[Served]:
    """One that has answered before, and holds what it always does."""
    served = Served(store)
    try:
        upload(served, "warm", 6 * MIB, 6 * MIB)
        yield served
    finally:
        served.kill()


def test_parts_are_not_kept_in_memory(served: Served) -> None:
    assert upload(served, "sent", SIZE, 64 * MIB) < 128 * MIB


def test_a_large_object_is_read_in_pieces(served: Served) -> None:
    assert download(served, "large") < 64 * MIB


def test_a_stalled_reader_holds_little(served: Served) -> None:
    assert stalled(served, "large", 1, 2) < 64 * MIB


@pytest.mark.parametrize("dawdle", [stalled, slow])
def test_many_readers_hold_little_each(served: Served, dawdle) -> None:
    assert dawdle(served, "large", 60, 3) < 240 * MIB
