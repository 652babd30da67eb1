"""blob_rm: what it removes, what it spares, what it says."""

from __future__ import annotations

import pytest

from holdall import Client, IsADirectory, ResourceNotFound
from tests.client.helpers import Recorder, keys, put_all

pytestmark = pytest.mark.usefixtures("bucket")


@pytest.mark.parametrize("recursive", [False, True])
async def test_a_blob_is_removed_either_way(client: Client, recursive: bool) -> None:
    await put_all(client, "file", "file.txt")
    progress = Recorder()
    await client.buckets.blob_rm("blob:box/file", recursive=recursive, progress=progress)
    assert await keys(client) == ["file.txt"]
    (event,) = progress.of("delete")
    assert (event.uri.path, event.is_dir) == ("/ann/box/file", False)


async def test_a_directory_is_removed_only_recursively(client: Client) -> None:
    await put_all(client, "dir/a", "dir/sub/b", "dir.txt", "dirt/c")
    for uri in ("blob:box/dir", "blob:box/dir/", "blob:box"):
        with pytest.raises(IsADirectoryError) as caught:
            await client.buckets.blob_rm(uri)
        assert isinstance(caught.value, IsADirectory)
    await client.buckets.blob_rm("blob:box/dir", recursive=True)
    assert await keys(client) == ["dir.txt", "dirt/c"]


@pytest.mark.parametrize("recursive", [False, True])
async def test_what_is_not_there_is_not_found(client: Client, recursive: bool) -> None:
    with pytest.raises(ResourceNotFound):
        await client.buckets.blob_rm("blob:box/nothing", recursive=recursive)


async def test_a_blob_and_a_directory_of_one_name_are_told_apart(client: Client) -> None:
    await put_all(client, "foo", "foo/1", "foo/2")
    await client.buckets.blob_rm("blob:box/foo", recursive=True)
    assert await keys(client) == ["foo/1", "foo/2"]
    await put_all(client, "foo")
    await client.buckets.blob_rm("blob:box/foo/", recursive=True)
    assert await keys(client) == ["foo"]


async def test_a_whole_bucket_in_several_pages(client: Client) -> None:
    await put_all(client, *(f"{number:04}" for number in range(1200)))
    progress = Recorder()
    await client.buckets.blob_rm("blob:box", recursive=True, progress=progress)
    assert await keys(client) == []
    assert len(progress.of("delete")) == 1200
    await client.buckets.blob_rm("blob:box", recursive=True)


async def test_a_callback_that_raises_stops_after_its_page(client: Client) -> None:
    await put_all(client, *(f"{number:04}" for number in range(1200)))
    progress = Recorder("delete", RuntimeError("enough"))
    with pytest.raises(RuntimeError, match="enough"):
        await client.buckets.blob_rm("blob:box", recursive=True, progress=progress)
    assert len(await keys(client)) == 200
