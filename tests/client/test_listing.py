"""Listings, globs and what is a directory."""

from __future__ import annotations

import pytest
from yarl import URL

from holdall import BlobCommonPrefix, BlobObject, BucketNotFound, Client, InvalidArgument
from tests.client.helpers import keys, put_all

pytestmark = pytest.mark.usefixtures("bucket")


async def test_recursive_is_every_key_in_byte_order(client: Client) -> None:
    await put_all(client, "b", "a/2", "a/1/x", "Z", "é")
    assert await keys(client) == ["Z", "a/1/x", "a/2", "b", "é"]
    assert await keys(client, "blob:box/a/") == ["a/1/x", "a/2"]


async def test_one_level_combines_what_goes_on_below(client: Client) -> None:
    await put_all(client, "foo", "foo.txt", "foo/1", "foo/2")
    async with client.buckets.list_blobs(URL("blob:box")) as listed:
        entries = [entry async for entry in listed]
    assert [(type(entry), entry.key) for entry in entries] == [
        (BlobObject, "foo"),
        (BlobObject, "foo.txt"),
        (BlobCommonPrefix, "foo/"),
    ]
    prefix = entries[2]
    assert (prefix.name, prefix.size, prefix.modified_at) == ("foo", 0, None)
    assert prefix.is_dir(URL("blob:box"))
    assert not prefix.is_file()
    assert prefix.uri == URL("blob://local/ann/box/foo/")


async def test_a_common_prefix_counts_towards_the_limit(client: Client) -> None:
    await put_all(client, "a/1", "a/2", "b", "c/1")
    assert await keys(client, recursive=False, limit=2) == ["a/", "b"]
    assert await keys(client, limit=0) == []
    with pytest.raises(InvalidArgument):
        await keys(client, limit=-1)


async def test_more_than_a_page(client: Client) -> None:
    names = [f"{number:05}" for number in range(2105)]
    await put_all(client, *names)
    assert await keys(client) == names
    assert await keys(client, limit=1500) == names[:1500]
    assert await keys(client, limit=None) == names


async def test_the_bucket_as_it_stood(client: Client) -> None:
    await put_all(client, "a")
    then = await client.buckets.put_blob("box", "b", b"2")
    await client.buckets.delete_blob("box", "a")
    later = await client.buckets.put_blob("box", "c", b"3")
    assert await keys(client, at=then.modified_at) == ["a", "b"]
    assert await keys(client, at=later.modified_at) == ["b", "c"]


async def test_a_listing_is_read_without_entering_it_and_left_early(client: Client) -> None:
    await put_all(client, "a", "b")
    listing = client.buckets.list_blobs("blob:box/")
    assert (await anext(listing)).key == "a"
    await listing.aclose()
    await listing.aclose()
    assert [entry async for entry in listing] == []


async def test_a_missing_bucket_raises_where_it_is_entered(client: Client) -> None:
    with pytest.raises(BucketNotFound):
        async with client.buckets.list_blobs("blob:nothing/"):
            pytest.fail("entered")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("folder1/**/*.txt", ["folder1/a.txt", "folder1/x/y/b.txt"]),
        ("folder1/*.txt", ["folder1/a.txt"]),
        ("folder1/?.txt", ["folder1/a.txt"]),
        ("folder1/[!b-z].txt", ["folder1/a.txt"]),
        ("nothing*", []),
        ("q[?]", ["q?"]),
    ],
)
async def test_glob(client: Client, pattern: str, expected: list[str]) -> None:
    await put_all(client, "folder1/a.txt", "folder1/x/y/b.txt", "folder1/x/c.md", "a.txt", "q?")
    for uri in (f"blob:box/{pattern}", URL(f"blob:box/{pattern}")):
        async with client.buckets.glob_blobs(uri=uri) as blobs:
            assert [blob.key async for blob in blobs] == expected


async def test_blob_is_dir(client: Client) -> None:
    assert await client.buckets.blob_is_dir("blob:box")
    await put_all(client, "folder/sub/file", "foo", "foo/bar")
    answers = {
        "folder": True, "folder/": True, "folder/sub": True, "fold": False, "foo": True,
        "folder/sub/file": False, "nothing/": False,
    }  # fmt: skip
    for key, expected in answers.items():
        assert await client.buckets.blob_is_dir(f"blob:box/{key}") is expected, key
