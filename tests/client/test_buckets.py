"""Buckets: made, found, listed, deleted."""

from __future__ import annotations

import pytest
from yarl import URL

from holdall import (
    Bucket,
    BucketExists,
    BucketNotEmpty,
    Client,
    NotSupported,
    ResourceNotFound,
    Versioning,
)


async def test_create_gives_the_bucket_as_the_seed_names_it(client: Client) -> None:
    bucket = await client.buckets.create("my_bucket")
    assert (bucket.name, bucket.owner, bucket.cluster_name) == ("my_bucket", "ann", "local")
    assert bucket.org_name is None
    assert bucket.provider is Bucket.Provider.HOLDALL
    assert bucket.versioning is Versioning.ENABLED
    assert bucket.uri == URL("blob://local/ann/my_bucket")


async def test_a_bucket_without_a_name_goes_by_its_id(client: Client) -> None:
    bucket = await client.buckets.create(None)
    assert bucket.name is None
    assert await client.buckets.get(bucket.id) == bucket
    assert bucket.uri.path.endswith(bucket.id)


async def test_get_by_name_by_id_and_by_owner(client: Client, bucket: Bucket) -> None:
    assert await client.buckets.get("box") == bucket
    assert await client.buckets.get(bucket.id) == bucket
    assert await client.buckets.get("box", bucket_owner="ann") == bucket
    assert await client.buckets.get(bucket.id, bucket_owner="somebody") == bucket
    with pytest.raises(ResourceNotFound):
        await client.buckets.get("box", bucket_owner="somebody")


async def test_a_second_bucket_of_the_name_is_refused(client: Client, bucket: Bucket) -> None:
    with pytest.raises(BucketExists):
        await client.buckets.create("box")


async def test_list_in_both_ways(client: Client, bucket: Bucket) -> None:
    other = await client.buckets.create("abc")
    async with client.buckets.list() as buckets:
        assert [found async for found in buckets] == [other, bucket]
    assert [found async for found in client.buckets.list("local")] == [other, bucket]


async def test_rm_refuses_a_bucket_that_holds_something(client: Client, bucket: Bucket) -> None:
    await client.buckets.put_blob("box", "key", b"1")
    with pytest.raises(BucketNotEmpty):
        await client.buckets.rm("box")
    assert await client.buckets.get("box") == bucket
    await client.buckets.rm("box", force=True)
    with pytest.raises(ResourceNotFound):
        await client.buckets.get("box")


async def test_public_access_is_turned_on_and_off(client: Client, bucket: Bucket) -> None:
    assert not bucket.public_access
    assert (await client.buckets.set_public_access("box", True)).public_access
    assert (await client.buckets.get("box")).public_access
    assert not (await client.buckets.set_public_access("box", False)).public_access


async def test_versioning_is_said_at_creation_and_later(client: Client) -> None:
    plain = await client.buckets.create("plain", versioned=False)
    assert plain.versioning is Versioning.OFF
    changed = await client.buckets.set_versioning("plain", Versioning.ENABLED)
    assert changed.versioning is Versioning.ENABLED
    assert await client.buckets.get("plain") == changed


async def test_usage_is_given_once_for_an_empty_bucket_too(client: Client, bucket: Bucket) -> None:
    async with client.buckets.get_disk_usage("box") as usages:
        (empty,) = [usage async for usage in usages]
    assert (empty.total_bytes, empty.object_count) == (0, 0)
    await client.buckets.put_blob("box", "a", b"12345")
    (full,) = [usage async for usage in client.buckets.get_disk_usage("box")]
    assert (full.total_bytes, full.object_count) == (5, 1)


async def test_another_cluster_and_an_organisation_are_refused_by_name(client: Client) -> None:
    with pytest.raises(ResourceNotFound, match="moon"):
        await client.buckets.create("box", cluster_name="moon")
    with pytest.raises(ResourceNotFound, match="moon"):
        await client.buckets.blob_is_dir("blob://moon/ann/box/key")
    with pytest.raises(NotSupported, match="organisation"):
        await client.buckets.create("box", org_name="guild")
    with pytest.raises(ResourceNotFound):
        await client.buckets.get("box")


async def test_what_needs_a_server_says_so(client: Client, bucket: Bucket) -> None:
    buckets = client.buckets
    calls = [
        lambda: buckets.import_external(Bucket.Provider.AWS, "theirs", {}),
        lambda: buckets.request_tmp_credentials("box"),
        lambda: buckets.make_signed_url(URL("blob:box/key")),
        lambda: buckets.persistent_credentials_create([bucket.id], "name"),
        lambda: buckets.persistent_credentials_get("name"),
        lambda: buckets.persistent_credentials_rm("name"),
        lambda: anext(buckets.persistent_credentials_list()),
    ]
    for call in calls:
        with pytest.raises(NotSupported, match="server in front of the"):
            await call()
