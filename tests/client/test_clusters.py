"""One client of several clusters: which of them a call means, and blobs between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdall import BlobNotFound, Client, Closed, InvalidArgument, NotFound, NotSupported
from holdall.client.config import ClusterConfig, Config, save


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "holdall.toml"
    one = ClusterConfig(str(tmp_path / "one"), owner="ann")
    two = ClusterConfig(str(tmp_path / "two"), owner="bob")
    save(found, Config().having("one", one).having("two", two))
    return found


@pytest.fixture
async def client(file: Path) -> AsyncIterator[Client]:
    async with Client.from_config(file) as client:
        yield client


def folders(path: Path) -> list[str]:
    return [each.name for each in path.iterdir() if each.is_dir()]


async def test_a_name_picks_the_cluster(client: Client) -> None:
    assert (client.cluster_name, client.username) == ("one", "ann")
    here = await client.buckets.create("box")
    there = await client.buckets.create("box", cluster_name="two")
    assert str(here.uri) == "blob://one/ann/box"
    assert str(there.uri) == "blob://two/bob/box"
    await client.buckets.put_blob("box", "k", b"1")
    await client.buckets.put_blob("box", "k", b"22", cluster_name="two")
    assert (await client.buckets.head_blob("box", "k")).size == 1
    assert (await client.buckets.head_blob("box", "k", cluster_name="two")).size == 2
    found = [each.uri async for each in client.buckets.list_blobs(there.uri)]
    assert [str(each) for each in found] == ["blob://two/bob/box/k"]
    assert [bucket.uri async for bucket in client.buckets.list(cluster_name="two")] == [there.uri]
    with pytest.raises(NotFound, match="one, two"):
        await client.buckets.get("box", cluster_name="three")
    with pytest.raises(NotFound):
        await client.buckets.blob_is_dir("blob://three/ann/box/k")


async def test_blobs_go_from_one_to_another(client: Client) -> None:
    await client.buckets.create("box")
    await client.buckets.create("box", cluster_name="two")
    made = await client.buckets.put_blob(
        "box", "k", bytes(200_000), content_type="a/b", metadata={"m": "ü"}, tags={"t": "1"}
    )
    copied = await client.buckets.copy(made.uri, "blob://two/bob/box/copy")
    assert (copied.size, copied.content_type) == (200_000, "a/b")
    assert (copied.metadata, copied.tags) == ({"m": "ü"}, {"t": "1"})
    moved = await client.buckets.move(copied.uri, "blob:box/back")
    assert str(moved.uri) == "blob://one/ann/box/back"
    with pytest.raises(BlobNotFound):
        await client.buckets.head_blob("box", "copy", cluster_name="two")
    with pytest.raises(BlobNotFound):
        await client.buckets.move("blob:box/never", "blob://two/bob/box/never")


async def test_a_directory_has_no_organisations(client: Client) -> None:
    with pytest.raises(NotSupported, match="acme"):
        await client.buckets.create("box", org_name="acme")


async def test_nothing_is_opened_before_its_first_use(file: Path, tmp_path: Path) -> None:
    client = Client.from_config(file)
    await client.buckets.create("box", cluster_name="two")
    assert folders(tmp_path) == ["two"]
    await client.aclose()
    await client.aclose()
    for name in ("one", "two"):
        with pytest.raises(Closed):
            await client.buckets.get("box", cluster_name=name)


def test_without_a_current_cluster_there_is_no_client(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="holdall cluster add"):
        Client.from_config(tmp_path / "holdall.toml")


async def test_what_a_cluster_lacks_is_said_when_it_is_used(tmp_path: Path) -> None:
    file = tmp_path / "holdall.toml"
    broken = ClusterConfig("https://h/path", access_key="A", secret_key="s")
    save(file, Config().having("ok", ClusterConfig(str(tmp_path / "ok"))).having("odd", broken))
    async with Client.from_config(file) as client:
        await client.buckets.create("box")
        with pytest.raises(InvalidArgument, match="a server is"):
            await client.buckets.get("box", cluster_name="odd")
