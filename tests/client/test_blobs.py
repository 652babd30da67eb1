"""Single blobs: put, head, fetch, delete, and their revisions."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from yarl import URL

from holdall import (
    BlobNotFound,
    BlobObject,
    Bucket,
    BucketNotFound,
    Client,
    Conflict,
    InvalidArgument,
    PreconditionFailed,
    ResourceNotFound,
)
from tests.client.helpers import content, keys

pytestmark = pytest.mark.usefixtures("bucket")

AWKWARD = ["..", "./x", "a//b", "/lead", "trail/", "a\0b", "naïve ☃", "%2F", "q?x#y", "x" * 1024]


@pytest.mark.parametrize("key", AWKWARD)
async def test_every_key_round_trips_and_its_uri_finds_it(client: Client, key: str) -> None:
    stored = await client.buckets.put_blob("box", key, b"1")
    assert stored.key == key
    assert await keys(client) == [key]
    assert [blob.key async for blob in client.buckets.revisions(stored.uri)] == [key]
    assert [blob.key async for blob in client.buckets.revisions(str(stored.uri))] == [key]


async def test_put_returns_the_entry(client: Client, bucket: Bucket) -> None:
    stored = await client.buckets.put_blob(
        "box", "a/b.txt", b"hello", content_type="text/x", metadata={"k": "☃"}
    )
    assert isinstance(stored, BlobObject)
    assert (stored.name, stored.size, stored.bucket) == ("b.txt", 5, bucket)
    assert (stored.content_type, stored.metadata) == ("text/x", {"k": "☃"})
    assert (stored.revision, stored.is_file(), stored.is_dir(URL("blob:box"))) == (0, True, False)
    assert stored.created_at is not None
    assert stored.modified_at == stored.created_at
    assert stored.uri == URL("blob://local/ann/box/a/b.txt")
    assert await client.buckets.head_blob("box", "a/b.txt") == stored


async def test_bodies_of_every_kind(client: Client, local: Path) -> None:
    async def asynchronous() -> AsyncIterator[bytes]:
        yield b"by"
        yield b"tes"

    def synchronous() -> Iterator[bytes]:
        yield from (b"by", b"tes")

    (local / "file").write_bytes(b"bytes")
    bodies = [
        b"bytes", local / "file", io.BytesIO(b"bytes"),
        asynchronous(), asynchronous, synchronous(), synchronous,
    ]  # fmt: skip
    for body in bodies:
        await client.buckets.put_blob("box", "key", body)
        assert await content(client, "key") == b"bytes"


async def test_the_seeds_example_run_as_corrected(client: Client, local: Path) -> None:
    large_file = local / "large_file.dat"
    large_file.write_bytes(b"line\n" * 1000)

    async def body_stream() -> AsyncIterator[bytes]:
        with large_file.open("rb") as file:
            for line in file:
                yield line

    await client.buckets.put_blob(bucket_id_or_name="box", key="large_file.dat", body=body_stream)
    assert await content(client, "large_file.dat") == large_file.read_bytes()


async def test_an_item_that_is_not_bytes_stores_nothing(client: Client) -> None:
    async def wrong() -> AsyncIterator[bytes]:
        yield b"right"
        yield "wrong"  # type: ignore[misc]

    with pytest.raises(InvalidArgument):
        await client.buckets.put_blob("box", "key", wrong)
    assert await keys(client) == []


async def test_a_source_that_raises_stores_nothing(client: Client) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"x" * 500_000
        raise RuntimeError("half-way")

    await client.buckets.put_blob("box", "key", b"before")
    with pytest.raises(RuntimeError, match="half-way"):
        await client.buckets.put_blob("box", "key", failing())
    assert await content(client, "key") == b"before"


async def test_conditions(client: Client) -> None:
    first = await client.buckets.put_blob("box", "key", b"1", if_none_match="*")
    with pytest.raises(PreconditionFailed):
        await client.buckets.put_blob("box", "key", b"2", if_none_match="*")
    await client.buckets.put_blob("box", "key", b"2", if_match=first.etag)
    with pytest.raises(PreconditionFailed):
        await client.buckets.put_blob("box", "key", b"3", if_match=first.etag)
    assert await content(client, "key") == b"2"


@pytest.mark.parametrize(("offset", "expected"), [(0, b"abc"), (2, b"c"), (3, b""), (99, b"")])
async def test_fetch_from_an_offset(client: Client, offset: int, expected: bytes) -> None:
    await client.buckets.put_blob("box", "key", b"abc")
    assert await content(client, "key", offset=offset) == expected


async def test_fetch_directly_with_async_for(client: Client) -> None:
    body = bytes(range(256)) * 8192
    await client.buckets.put_blob("box", "key", body)
    assert b"".join([chunk async for chunk in client.buckets.fetch_blob("box", "key")]) == body


async def test_fetch_of_nothing_raises_where_it_is_entered(client: Client) -> None:
    with pytest.raises(BlobNotFound):
        async with client.buckets.fetch_blob("box", "key"):
            pytest.fail("entered")
    with pytest.raises(BucketNotFound):
        await anext(client.buckets.fetch_blob("nothing", "key"))
    with pytest.raises(InvalidArgument):
        await anext(client.buckets.fetch_blob("box", "key", offset=-1))


async def test_delete_keeps_revisions_and_undelete_brings_back(client: Client) -> None:
    await client.buckets.put_blob("box", "key", b"old")
    await client.buckets.put_blob("box", "key", b"new")
    await client.buckets.delete_blob("box", "key")
    with pytest.raises(ResourceNotFound):
        await client.buckets.head_blob("box", "key")
    with pytest.raises(ResourceNotFound):
        await client.buckets.delete_blob("box", "key")
    async with client.buckets.revisions("blob:box/key") as revisions:
        kinds = [(blob.revision, blob.is_marker) async for blob in revisions]
    assert kinds == [(2, True), (1, False), (0, False)]
    await client.buckets.undelete("blob:box/key")
    assert await content(client, "key") == b"new"
    with pytest.raises(Conflict):
        await client.buckets.undelete("blob:box/key")


async def test_old_revisions_are_read_and_restored(client: Client) -> None:
    for body in (b"zero", b"one", b"two"):
        await client.buckets.put_blob("box", "key", body)
    assert await content(client, "key", revision=0) == b"zero"
    assert await content(client, "key", revision=-2) == b"one"
    assert (await client.buckets.head_blob("box", "key", revision=0)).size == 4
    restored = await client.buckets.restore("blob:box/key", 0)
    assert restored.revision == 3
    assert await content(client, "key") == b"zero"


async def test_copy_and_move_between_buckets(client: Client) -> None:
    await client.buckets.create("other")
    await client.buckets.put_blob("box", "a", b"1")
    copied = await client.buckets.copy("blob:box/a", "blob:other/b")
    assert copied.uri == URL("blob://local/ann/other/b")
    moved = await client.buckets.move("blob:box/a", "blob:box/c")
    assert moved.key == "c"
    assert await keys(client) == ["c"]
    assert await keys(client, "blob:other/") == ["b"]
    with pytest.raises(ResourceNotFound):
        await client.buckets.copy("blob:box/a", "blob:box/d")


async def test_text_is_no_body_and_no_path(client: Client, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(InvalidArgument, match="text"):
        await client.buckets.put_blob("box", "key", str(tmp_path / "secret"))
