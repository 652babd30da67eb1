"""The page that users of the older system know: its classes, methods, parameters and examples."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from yarl import URL

from holdall import (
    BlobCommonPrefix,
    BlobObject,
    Bucket,
    Buckets,
    Client,
    InvalidArgument,
    ResourceNotFound,
    connect,
)
from tests.client.served import connected, emptied
from tests.server.whole import Whole, serving_whole

PARAMETERS = {
    "list": "cluster_name",
    "create": "name cluster_name org_name",
    "import_external": "provider provider_bucket_name credentials name cluster_name org_name",
    "get": "bucket_id_or_name cluster_name bucket_owner",
    "rm": "bucket_id_or_name cluster_name bucket_owner",
    "request_tmp_credentials": "bucket_id_or_name cluster_name bucket_owner",
    "set_public_access": "bucket_id_or_name public_access cluster_name bucket_owner",
    "head_blob": "bucket_id_or_name key cluster_name bucket_owner",
    "put_blob": "bucket_id_or_name key body cluster_name bucket_owner",
    "fetch_blob": "bucket_id_or_name key offset cluster_name bucket_owner",
    "delete_blob": "bucket_id_or_name key cluster_name bucket_owner",
    "list_blobs": "uri recursive limit",
    "glob_blobs": "uri",
    "upload_file": "src dst update progress",
    "download_file": "src dst update continue_ progress",
    "upload_dir": "src dst update filter ignore_file_names progress",
    "download_dir": "src dst update continue_ filter progress",
    "blob_is_dir": "uri",
    "blob_rm": "uri recursive progress",
    "make_signed_url": "uri expires_in_seconds",
    "get_disk_usage": "bucket_id_or_name cluster_name bucket_owner",
    "persistent_credentials_list": "cluster_name",
    "persistent_credentials_create": "bucket_ids name read_only cluster_name",
    "persistent_credentials_get": "credential_id_or_name cluster_name",
    "persistent_credentials_rm": "credential_id_or_name cluster_name",
}
"""Every method of the page with its parameters, in their order."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with serving_whole(tmp_path_factory.mktemp("served") / "store") as running:
        yield running


@pytest.fixture(params=["directory", "server"])
async def client(
    request: pytest.FixtureRequest, whole: Whole, tmp_path: Path
) -> AsyncIterator[Client]:
    if request.param == "directory":
        async with connect(tmp_path / "store", owner="ann") as client:
            yield client
    else:
        async with connected(whole) as client:
            yield await emptied(client)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_method_takes_what_the_page_says(name: str) -> None:
    taken = list(inspect.signature(getattr(Buckets, name)).parameters)[1:]
    wanted = PARAMETERS[name].split()
    assert taken[: len(wanted)] == wanted


async def test_buckets_by_name_and_by_id(client: Client) -> None:
    made = await client.buckets.create("my_bucket")
    assert made.provider is Bucket.Provider.HOLDALL
    for bucket in (
        await client.buckets.get("my_bucket"),
        await client.buckets.get(made.id),
        await client.buckets.get("my_bucket", bucket_owner=made.owner),
        await client.buckets.get("my_bucket", cluster_name=client.cluster_name),
    ):
        assert bucket == made
    assert str(made.uri) == f"blob://local/{made.owner}/my_bucket"
    async with client.buckets.list() as buckets:
        assert [bucket async for bucket in buckets] == [made]
    opened = await client.buckets.set_public_access("my_bucket", True)
    assert opened.public_access
    assert not (await client.buckets.set_public_access("my_bucket", False)).public_access
    await client.buckets.rm("my_bucket")
    with pytest.raises(ResourceNotFound):
        await client.buckets.get(made.id)
    with pytest.raises(ResourceNotFound):
        await client.buckets.list(cluster_name="nowhere").__anext__()


async def test_the_example_of_put_blob(client: Client, tmp_path: Path) -> None:
    """It passes a function; opened as bytes, and yielding lines: the page yields the handle."""
    large_file = tmp_path / "large_file.dat"
    large_file.write_bytes(b"".join(b"line %d\n" % number for number in range(100_000)))
    file_md5 = hashlib.md5(large_file.read_bytes(), usedforsecurity=False).hexdigest()
    await client.buckets.create("my_bucket")

    async def body_stream() -> AsyncIterator[bytes]:
        with large_file.open("rb") as f:
            for line in f:
                yield line

    await client.buckets.put_blob(
        bucket_id_or_name="my_bucket", key="large_file.dat", body=body_stream
    )
    read = hashlib.md5(usedforsecurity=False)
    async with client.buckets.fetch_blob("my_bucket", key="large_file.dat") as content:
        async for data in content:
            read.update(data)
    assert read.hexdigest() == file_md5
    head = await client.buckets.head_blob("my_bucket", "large_file.dat")
    assert head.size == large_file.stat().st_size


async def test_the_example_of_put_blob_as_it_stands_is_refused(
    client: Client, tmp_path: Path
) -> None:
    large_file = tmp_path / "large_file.dat"
    large_file.write_text("line\n")
    await client.buckets.create("my_bucket")

    async def body_stream():  # type: ignore[no-untyped-def]
        with large_file.open("r") as f:
            for _line in f:
                yield f

    with pytest.raises(InvalidArgument):
        await client.buckets.put_blob(
            bucket_id_or_name="my_bucket", key="large_file.dat", body=body_stream
        )
    with pytest.raises(ResourceNotFound):
        await client.buckets.head_blob("my_bucket", "large_file.dat")


async def test_the_example_of_fetch_blob(client: Client) -> None:
    await client.buckets.create("my_bucket")
    await client.buckets.put_blob("my_bucket", "file.txt", b"0123456789")
    for offset, wanted in ((0, b"0123456789"), (4, b"456789"), (10, b""), (99, b"")):
        async with client.buckets.fetch_blob("my_bucket", "file.txt", offset) as content:
            assert b"".join([data async for data in content]) == wanted


async def test_the_example_of_glob_blobs(client: Client) -> None:
    await client.buckets.create("my_bucket")
    for key in ("folder1/a.txt", "folder1/deep/er/b.txt", "folder1/c.bin", "folder2/d.txt"):
        await client.buckets.put_blob("my_bucket", key, b"")
    async with client.buckets.glob_blobs(uri=URL("blob:my_bucket/folder1/**/*.txt")) as blobs:
        found = [blob.key async for blob in blobs]
    assert found == ["folder1/a.txt", "folder1/deep/er/b.txt"]


async def test_listing_with_and_without_folders(client: Client) -> None:
    await client.buckets.create("bucket_name")
    for key in ("path/in/bucket", "path/in/deep/er", "path/other"):
        await client.buckets.put_blob("bucket_name", key, b"1")
    async with client.buckets.list_blobs(URL("blob:bucket_name/path/in/")) as entries:
        found = [entry async for entry in entries]
    assert [type(entry) for entry in found] == [BlobObject, BlobCommonPrefix]
    assert [entry.key for entry in found] == ["path/in/bucket", "path/in/deep/"]
    assert [entry.is_dir(entry.uri) for entry in found] == [False, True]
    owner = found[0].bucket.owner
    assert str(found[0].uri) == f"blob://local/{owner}/bucket_name/path/in/bucket"
    every = client.buckets.list_blobs(URL("blob:bucket_name"), recursive=True, limit=2)
    assert [entry.key async for entry in every] == ["path/in/bucket", "path/in/deep/er"]


async def test_files_and_folders_there_and_back(client: Client, tmp_path: Path) -> None:
    root = tmp_path / "folder"
    (root / "sub").mkdir(parents=True)
    (root / "file.txt").write_bytes(b"text")
    (root / "sub" / "b").write_bytes(bytes(100_000))
    await client.buckets.create("bucket_name")
    await client.buckets.upload_dir(URL(root.as_uri()), URL("blob:bucket_name/folder/"))
    await client.buckets.upload_file(
        URL((root / "file.txt").as_uri()), URL("blob:bucket_name/folder/file.txt"), update=True
    )
    assert await client.buckets.blob_is_dir(URL("blob:bucket_name/folder/sub"))
    await client.buckets.download_dir(
        URL("blob:bucket_name/folder/"), URL((tmp_path / "back").as_uri())
    )
    assert (tmp_path / "back" / "sub" / "b").read_bytes() == bytes(100_000)
    one = tmp_path / "one.txt"
    await client.buckets.download_file(
        URL("blob:bucket_name/folder/file.txt"), URL(one.as_uri()), continue_=True
    )
    assert one.read_bytes() == b"text"
    with pytest.raises(IsADirectoryError):
        await client.buckets.blob_rm(URL("blob:bucket_name/folder/"))
    await client.buckets.blob_rm(URL("blob:bucket_name/folder/"), recursive=True)
    async with client.buckets.get_disk_usage("bucket_name") as usage:
        totals = [(each.total_bytes, each.object_count) async for each in usage]
    assert totals[-1] == (0, 0)


async def test_no_secret_is_printed(whole: Whole) -> None:
    async with connected(whole) as client:
        await emptied(client)
        bucket = await client.buckets.create("my_bucket")
        temporary = await client.buckets.request_tmp_credentials("my_bucket")
        lasting = await client.buckets.persistent_credentials_create([bucket.id], "n")
        secret = lasting.credentials[0].credentials["secret_access_key"]
        for each in (temporary.credentials["secret_access_key"], secret):
            assert not re.search(re.escape(each), f"{temporary!r}{lasting!r}{client!r}")
