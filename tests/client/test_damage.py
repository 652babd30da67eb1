"""What a client does when the store's bytes are not what was stored."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from holdall import Client, Corrupt, HoldallError
from tests.client.helpers import put_all

LARGE = bytes(range(256)) * 12_000  # about 3 MB


async def test_damage_in_the_store_leaves_the_previous_file(
    unchecked: Client, tmp_path: Path, local: Path
) -> None:
    await unchecked.buckets.create("box")
    await unchecked.buckets.put_blob("box", "key", LARGE)
    flip_largest(tmp_path / "store")
    (local / "file").write_bytes(b"before")
    with pytest.raises(Corrupt):
        await unchecked.buckets.download_file("blob:box/key", local / "file")
    assert (local / "file").read_bytes() == b"before"
    assert os.listdir(local) == ["file"]


def flip_largest(store: Path) -> None:
    """Change a byte near the end of the store's largest payload file."""
    files = [path for path in store.rglob("*") if path.is_file() and path.stat().st_size > 10**6]
    (payload,) = [path for path in files if LARGE[:4096] in path.read_bytes()[:8192]]
    payload.chmod(0o600)
    with payload.open("r+b") as file:
        file.seek(-1000, os.SEEK_END)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))


async def test_a_damaged_blob_does_not_keep_the_others_from_coming(
    unchecked: Client, tmp_path: Path, local: Path
) -> None:
    await unchecked.buckets.create("box")
    await put_all(unchecked, "a", "z")
    await unchecked.buckets.put_blob("box", "key", LARGE)
    flip_largest(tmp_path / "store")
    (local / "key").write_bytes(b"before")
    with pytest.raises(HoldallError) as caught:
        await unchecked.buckets.download_dir("blob:box", local)
    (failure,) = caught.value.failed
    assert isinstance(failure.error, Corrupt)
    assert sorted(os.listdir(local)) == ["a", "key", "z"]
    assert (local / "key").read_bytes() == b"before"
    assert (local / "z").read_bytes() == b"z"
