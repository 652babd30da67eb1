"""Transfers to a store that is somewhere else: our own server, over S3 on loopback."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from holdall import Client, Conflict, NotSupported
from holdall.backends.s3 import S3Backend
from holdall.backends.s3.providers import HOLDALL
from holdall.client.connection import Opened
from holdall.client.parts import LEAST
from holdall.core.values import Versioning
from holdall.s3.client import S3Client
from holdall.s3.signing import Credentials
from holdall.testing.server import Running, serving
from holdall.transfer.transfers import Transfers
from tests.client.helpers import Recorder

from .killing import digest_of, fill
from .trees import lay_out, read_disk

SIZE = 64 * 1024 * 1024
URI = "blob:box/large"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running
        assert running.problems() == []


@pytest.fixture
async def client(server: Running) -> AsyncIterator[Client]:
    credentials = Credentials(server.root.access_key, server.root.secret_key)

    async def opening() -> Opened:
        return Opened(S3Backend(S3Client(server.endpoint, credentials), capabilities=HOLDALL))

    async with Client(opening, username="s3") as client:
        backend = (await opening()).backend
        await backend.create_bucket("box")
        await backend.create_bucket("flat", versioning=Versioning.OFF)
        yield client
        for name in ("box", "flat"):
            await backend.delete_bucket(name, force=True)
        await backend.aclose()


@pytest.fixture
def transfers(client: Client, tmp_path: Path) -> Transfers:
    return Transfers(client, tmp_path / "journal")


@pytest.fixture
def large(local: Path) -> Path:
    fill(local / "large", SIZE)
    return local / "large"


class Stop(Exception):
    """Ends a transfer from its own progress."""


class StopAt(Recorder):
    def step(self, data: Any) -> None:
        super().step(data)
        if data.current >= 7 * LEAST:  # four are under way at once
            raise Stop


async def test_an_upload_goes_on(transfers: Transfers, large: Path, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        await transfers.buckets.upload_file(large, URI, progress=StopAt())
    [entry] = await transfers.unfinished()
    progress = Recorder()
    await transfers.resume(entry.id, progress)
    assert progress.of("complete")
    await transfers.buckets.download_file(URI, tmp_path / "back")
    assert digest_of(tmp_path / "back") == digest_of(large)
    assert await transfers.unfinished() == []


async def test_a_download_goes_on(transfers: Transfers, large: Path, tmp_path: Path) -> None:
    await transfers.buckets.upload_file(large, URI)
    with pytest.raises(Stop):
        await transfers.buckets.download_file(URI, tmp_path / "down", progress=StopAt())
    [entry] = await transfers.unfinished()
    progress = Recorder()
    await transfers.resume(entry.id, progress)
    assert progress.of("step")[0].current > 0
    assert digest_of(tmp_path / "down") == digest_of(large)


async def test_two_contents_are_never_joined(
    client: Client, transfers: Transfers, large: Path, local: Path
) -> None:
    uri = "blob:flat/large"  # where the older content is gone
    await transfers.buckets.upload_file(large, uri)
    (local / "down").write_bytes(b"before")
    with pytest.raises(Stop):
        await transfers.buckets.download_file(uri, local / "down", progress=StopAt())
    await client.buckets.put_blob("flat", "large", bytes(SIZE))
    [entry] = await transfers.unfinished()
    with pytest.raises(Conflict, match="changed"):
        await transfers.resume(entry.id)
    assert (local / "down").read_bytes() == b"before"
    assert sorted(os.listdir(local)) == ["down", "large"]
    assert await transfers.unfinished() == []


async def test_a_tree_up_and_down(transfers: Transfers, local: Path, tmp_path: Path) -> None:
    tree = {"a": b"1", "d/b": b"22", "d/hollow/": None, "ü": b""}
    lay_out(local, tree, old=True)
    await transfers.sync(str(local), "blob:box/t", checksum=True)
    await transfers.sync("blob:box/t", str(tmp_path / "back"), delete=True)
    assert read_disk(tmp_path / "back") == tree
    verified = await transfers.verify("blob:box/t", str(local))
    assert (verified.same, verified.faults) == (3, 0)
    os.unlink(local / "a")
    await transfers.sync(str(local), "blob:box/t", delete=True)
    verified = await transfers.verify(str(local), "blob:box/t")
    assert (verified.same, verified.faults) == (2, 0)


async def test_no_way_back_where_time_travel_is_not(client: Client, transfers: Transfers) -> None:
    await client.buckets.put_blob("box", "p/a", b"1")
    with pytest.raises(NotSupported, match="its provider does not tell what a bucket held"):
        await transfers.restore("blob:box/p", at=datetime.now(UTC))
