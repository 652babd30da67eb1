"""A client on a store in a temporary directory, found sound when the test is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdall import Bucket, Client, connect


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with connect(tmp_path / "store", owner="ann") as client:
        yield client
        assert list(await client.check(scrub=True)) == []


@pytest.fixture
async def bucket(client: Client) -> Bucket:
    return await client.buckets.create("box")


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A directory for files beside the store."""
    folder = tmp_path / "local"
    folder.mkdir()
    return folder


@pytest.fixture
async def unchecked(tmp_path: Path) -> AsyncIterator[Client]:
    """A client on a store that the test damages."""
    async with connect(tmp_path / "store", owner="ann") as client:
        yield client
