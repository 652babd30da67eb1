"""A client on a store in a temporary directory, and a journal beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from holdall import Client, connect
from holdall.transfer.transfers import Transfers

from .stage import Stage


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


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with asyncio.Runner() as runner:
        stage = Stage(tmp_path_factory.mktemp("stage").resolve(), runner)
        yield stage
        runner.run(stage.close())
