"""A client on a store in a temporary directory, and a journal beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdall import Client, connect
from holdall.transfer.transfers import Transfers


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with connect(tmp_path / "store", owner="ann") as client:
        await client.buckets.create("box")
        yield client
        assert list(await client.check(scrub=True)) == []


@pytest.fixture
def transfers(client: Client, tmp_path: Path) -> Transfers:
    return Transfers(client, tmp_path / "journal")


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A directory for files beside the store."""
    folder = tmp_path / "local"
    folder.mkdir()
    return folder
