"""A small disk that is really full: a clear error, old data served, room made by deleting."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdall.core.errors import StorageFull

from .history import KEPT, PLAIN
from .stores import open_store
from .workload import make_buckets

pytestmark = pytest.mark.timeout(120)

SIZE = "16m"  # the reserve takes 4 MiB of it


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "holdall-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small tmpfs needs root and the right to mount")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # a failed test left it open


async def fill(backend: Any, size: int) -> list[str]:
    """Put until there is no room; the keys that were acknowledged."""
    keys: list[str] = []
    with pytest.raises(StorageFull):
        while True:
            key = f"{size}/{len(keys)}"
            await backend.put(PLAIN, key, key.encode().ljust(size))
            keys.append(key)
    return keys


@pytest.mark.parametrize("size", [4_000, 300_000])
async def test_a_full_disk(small_disk: Path, size: int) -> None:
    backend = await open_store(small_disk / "store")
    await make_buckets(backend, lambda note: None)
    keys = await fill(backend, size)
    assert len(keys) > 5
    await expect(backend, keys, size)
    with pytest.raises(StorageFull):
        await backend.put(KEPT, "large", bytes(6_000_000))  # more than the reserve gives up
    for key in keys[::2]:
        await backend.delete(PLAIN, key)
    await backend.sweep()
    await backend.put(PLAIN, "again", bytes(size))
    await expect(backend, keys[1::2], size)
    assert await backend.check(scrub=True) == []
    await backend.aclose()


async def test_a_disk_that_was_full_opens_again(small_disk: Path) -> None:
    backend = await open_store(small_disk / "store")
    await make_buckets(backend, lambda note: None)
    keys = await fill(backend, 4_000)
    await backend.aclose()
    again = await open_store(small_disk / "store")
    await expect(again, keys, 4_000)
    await again.delete_many(PLAIN, keys)
    await again.sweep()
    await again.put(PLAIN, "again", bytes(4_000))
    assert await again.check() == []
    await again.aclose()


async def expect(backend: Any, keys: list[str], size: int) -> None:
    for key in keys:
        async with await backend.open(PLAIN, key) as reading:
            assert await reading.read() == key.encode().ljust(size)
