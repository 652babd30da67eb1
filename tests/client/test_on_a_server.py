"""What only a server can do for `client.buckets`: credentials, addresses, organisations, and
buckets that are kept elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import aiohttp
import pytest

import holdall
from holdall import (
    BlobNotFound,
    Bucket,
    BucketExists,
    BucketNotFound,
    Client,
    Conflict,
    HistoryGone,
    InvalidArgument,
    NotSupported,
    PermissionDenied,
    ResourceNotFound,
)
from holdall.backends.s3 import S3Backend
from holdall.cli.remote import Remote
from holdall.client.values.credentials import BucketCredentials
from holdall.core.values import PutOptions
from holdall.s3.client import S3Client
from holdall.testing.moto import MotoServer, moto_server
from tests.client.served import connected, emptied
from tests.server.whole import Whole, control, serving_whole

__all__ = ["moto_server"]

S3_FIELDS = {
    "bucket_name",
    "region_name",
    "endpoint_url",
    "access_key_id",
    "secret_access_key",
    "session_token",
    "expiration",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    directory = tmp_path_factory.mktemp("served") / "store"
    with serving_whole(directory, allow_private_endpoints=True) as running:
        yield running


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """A provider: it verifies signatures, and makes credentials for one bucket."""
    with serving_whole(tmp_path_factory.mktemp("other") / "store") as running:
        yield running


@pytest.fixture
async def client(whole: Whole) -> AsyncIterator[Client]:
    async with connected(whole) as client:
        yield await emptied(client)


@pytest.fixture
async def admin(whole: Whole) -> AsyncIterator[Remote]:
    async with control(whole.profile) as remote:
        yield remote


def as_bearer(credentials: BucketCredentials) -> Client:
    """A client that has nothing but these credentials."""
    given = credentials.credentials
    return holdall.connect(
        given["endpoint_url"],
        access_key=given["access_key_id"],
        secret_key=given["secret_access_key"],
        session_token=given.get("session_token"),
        region=given["region_name"],
    )


# temporary credentials


async def test_temporary_credentials_reach_their_bucket_only(client: Client) -> None:
    for name in ("mine", "secret"):
        await client.buckets.create(name)
        await client.buckets.put_blob(name, "k", b"1")
    found = await client.buckets.request_tmp_credentials("mine")
    assert set(found.credentials) == S3_FIELDS
    assert (found.bucket_id, found.provider) == (
        (await client.buckets.get("mine")).id,
        Bucket.Provider.HOLDALL,
    )
    assert datetime.fromisoformat(found.credentials["expiration"]) > datetime.now(UTC)
    async with as_bearer(found) as bearer:
        await bearer.buckets.put_blob("mine", "k", b"2")
        with pytest.raises((PermissionDenied, BucketNotFound)):
            await bearer.buckets.head_blob("secret", "k")
        with pytest.raises(PermissionDenied):
            await bearer.buckets.request_tmp_credentials("mine")


async def test_a_reader_gets_credentials_to_read(
    client: Client, admin: Remote, whole: Whole
) -> None:
    await client.buckets.create("shared")
    await client.buckets.put_blob("shared", "k", b"1")
    await admin.post("/users", name="reader")
    key = await admin.post("/keys", user="reader")
    await admin.put("/buckets/shared/grants/user:reader", level="read")
    keys = {"access_key": key["id"], "secret_key": key["secret_key"]}
    async with connected(whole, **keys) as reader:
        found = await reader.buckets.request_tmp_credentials("shared", bucket_owner="admin")
    async with as_bearer(found) as bearer:
        async with bearer.buckets.fetch_blob("shared", "k", bucket_owner="admin") as content:
            assert b"".join([data async for data in content]) == b"1"
        with pytest.raises(PermissionDenied):
            await bearer.buckets.put_blob("shared", "k", b"2")


# lasting credentials


async def test_lasting_credentials(client: Client) -> None:
    buckets = [await client.buckets.create(name) for name in ("one", "two", "three")]
    made = await client.buckets.persistent_credentials_create(
        [bucket.id for bucket in buckets[:2]], "robot", read_only=True
    )
    assert (made.name, made.read_only, made.cluster_name) == ("robot", True, "local")
    assert {each.bucket_id for each in made.credentials} == {b.id for b in buckets[:2]}
    await client.buckets.put_blob("one", "k", b"1")
    async with as_bearer(made.credentials[0]) as bearer:
        assert (await bearer.buckets.head_blob("one", "k")).size == 1
        with pytest.raises(PermissionDenied):
            await bearer.buckets.put_blob("one", "k", b"2")
        with pytest.raises((PermissionDenied, BucketNotFound)):
            await bearer.buckets.get("three")
    for named in ("robot", made.id):
        found = await client.buckets.persistent_credentials_get(named)
        assert (found.id, found.owner, found.read_only) == (made.id, "admin", True)
        assert "secret_access_key" not in found.credentials[0].credentials
    async with client.buckets.persistent_credentials_list() as held:
        assert [each.id async for each in held] == [made.id]
    await client.buckets.persistent_credentials_rm("robot")
    with pytest.raises(ResourceNotFound):
        await client.buckets.persistent_credentials_get("robot")
    with pytest.raises(ResourceNotFound):
        await client.buckets.persistent_credentials_rm("robot")
    async with as_bearer(made.credentials[0]) as bearer:
        with pytest.raises(PermissionDenied):
            await bearer.buckets.head_blob("one", "k")


async def test_mistakes_with_names_of_buckets_are_told(client: Client) -> None:
    await client.buckets.create("photos")
    with pytest.raises(InvalidArgument, match="list"):
        await client.buckets.persistent_credentials_create("photos")
    with pytest.raises(InvalidArgument, match="URI"):
        await client.buckets.get("blob:photos")


async def test_names_of_lasting_credentials_are_unique(client: Client) -> None:
    bucket = await client.buckets.create("one")
    create = client.buckets.persistent_credentials_create
    results = await asyncio.gather(
        *(create([bucket.id], "robot") for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, Conflict) for result in results) == 4
    nameless = [await create([bucket.id]) for _ in range(2)]
    assert [each.name for each in nameless] == [None, None]
    with pytest.raises(InvalidArgument):
        await create([])
    with pytest.raises(BucketNotFound):
        await create(["nowhere"])


# signed addresses


async def test_signed_urls(client: Client) -> None:
    await client.buckets.create("my_bucket")
    key = "a b/é?#%.txt"
    uri = (await client.buckets.put_blob("my_bucket", key, b"text")).uri
    write = await client.buckets.make_signed_url(uri, method="PUT")
    read = await client.buckets.make_signed_url(uri, 60, download_name='grün "1".txt')
    async with aiohttp.ClientSession() as session:
        async with session.put(write, data=b"new") as answer:
            assert answer.status == 200
        async with session.get(read) as answer:
            assert (answer.status, await answer.read()) == (200, b"new")
            said = answer.headers["content-disposition"]
            assert said.endswith("filename*=UTF-8''gr%C3%BCn%20%221%22.txt")
        async with session.put(read, data=b"again") as answer:
            assert answer.status == 403


# organisations


async def test_buckets_of_an_organisation(client: Client, admin: Remote, whole: Whole) -> None:
    await admin.post("/orgs", name="acme")
    made = await client.buckets.create("team", org_name="acme")
    assert (made.owner, made.org_name) == ("org:acme", "acme")
    assert str(made.uri) == "blob://local/acme/org:acme/team"
    blob = await client.buckets.put_blob("team", "k", b"1", bucket_owner="org:acme")
    assert await client.buckets.blob_is_dir(made.uri)
    assert [each.uri async for each in client.buckets.list_blobs(made.uri)] == [blob.uri]
    async with connected(whole, org="acme") as current:
        assert current.org_name == "acme"
        again = await current.buckets.create("other")
        assert again.owner == "org:acme"
        await current.buckets.rm("other", bucket_owner="org:acme")
        mine = await client.buckets.create("mine")
        placed = (await current.buckets.get("mine")).uri
        assert str(placed) == "blob://local/acme/admin/mine"
        assert not [each async for each in current.buckets.list_blobs(placed)]
    await client.buckets.rm("team", bucket_owner="org:acme", force=True)
    await client.buckets.rm(mine.id)


# the meaning of the engine, from afar


async def test_revisions_from_afar(client: Client) -> None:
    await client.buckets.create("box")
    first = await client.buckets.put_blob("box", "k", b"one", metadata={"Größe": "ü"})
    await client.buckets.put_blob("box", "k", b"three")
    assert (first.revision, first.metadata) == (0, {"Größe": "ü"})
    assert [each.revision async for each in client.buckets.revisions("blob:box/k")] == [1, 0]
    assert (await client.buckets.restore("blob:box/k", 0)).revision == 2
    await client.buckets.delete_blob("box", "k")
    with pytest.raises(BlobNotFound):
        await client.buckets.head_blob("box", "k")
    assert (await client.buckets.undelete("blob:box/k")).size == 3
    moved = await client.buckets.move("blob:box/k", "blob:box/moved")
    assert (moved.key, moved.metadata) == ("moved", {"Größe": "ü"})
    then = client.buckets.list_blobs("blob:box", at=first.created_at)
    assert [each.size async for each in then] == [3]
    with pytest.raises(HistoryGone):
        long_ago = datetime(2000, 1, 1, tzinfo=UTC)
        assert [each async for each in client.buckets.list_blobs("blob:box", at=long_ago)]


async def test_errors_say_which_request_it_was(client: Client) -> None:
    with pytest.raises(BucketNotFound) as caught:
        await client.buckets.get("nowhere")
    assert caught.value.request_id
    assert caught.value.bucket == "nowhere"


# buckets elsewhere


async def imported(client: Client, other: Whole, name: str) -> Bucket:
    async with connected(other) as theirs:
        await emptied(theirs)
        await theirs.buckets.create("their-bucket")
        await theirs.buckets.put_blob("their-bucket", "a/b c", b"theirs")
    return await client.buckets.import_external("minio", "their-bucket", of(other), name)


def of(other: Whole) -> dict[str, str]:
    return {
        "region_name": other.profile.region,
        "endpoint_url": other.endpoint,
        "access_key_id": other.profile.access_key,
        "secret_access_key": other.profile.secret_key,
    }


async def test_an_imported_bucket_is_used_like_any_other(client: Client, other: Whole) -> None:
    bucket = await imported(client, other, "ours")
    assert (bucket.name, bucket.provider) == ("ours", Bucket.Provider.MINIO)
    assert await client.buckets.get("ours") == bucket
    async with client.buckets.fetch_blob("ours", "a/b c") as content:
        assert b"".join([data async for data in content]) == b"theirs"
    made = await client.buckets.put_blob("ours", "new", b"123", metadata={"m": "ü"})
    assert (made.size, made.metadata) == (3, {"m": "ü"})
    listed = client.buckets.list_blobs(bucket.uri, recursive=True)
    assert [each.key async for each in listed] == ["a/b c", "new"]
    url = await client.buckets.make_signed_url(made.uri)
    assert str(url).startswith(other.endpoint)
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert await answer.read() == b"123"
    await client.buckets.create("home")
    copied = await client.buckets.copy(made.uri, "blob:home/copy")
    assert (copied.size, copied.metadata) == (3, {"m": "ü"})
    credentials = await client.buckets.request_tmp_credentials("ours")
    assert set(credentials.credentials) == S3_FIELDS
    assert credentials.credentials["bucket_name"] == "their-bucket"
    assert credentials.credentials["access_key_id"] != other.profile.access_key
    with pytest.raises(NotSupported):
        await client.buckets.persistent_credentials_create([bucket.id], "n")
    await client.buckets.rm("ours")
    async with connected(other) as theirs:
        assert (await theirs.buckets.head_blob("their-bucket", "a/b c")).size == 6


async def test_an_account_that_speaks_s3_is_a_cluster_too(client: Client, whole: Whole) -> None:
    await client.buckets.create("box")
    made = await client.buckets.put_blob("box", "k", b"text", metadata={"m": "ü"})
    async with holdall.connect(
        "s3://",
        endpoint_url=whole.endpoint,
        access_key=whole.profile.access_key,
        secret_key=whole.profile.secret_key,
        owner="ann",
    ) as account:
        assert str((await account.buckets.get("box")).uri) == "blob://local/ann/box"
        found = await account.buckets.head_blob("box", "k")
        assert (found.etag, found.metadata) == (made.etag, {"m": "ü"})
        moved = await account.buckets.move("blob:box/k", "blob:box/moved")
        assert (moved.size, await client.buckets.blob_is_dir("blob:box/k")) == (4, False)
        usage = [each async for each in account.buckets.get_disk_usage("box")]
        assert (usage[-1].object_count, usage[-1].revision_count) == (1, 2)
        with pytest.raises(NotSupported):
            await account.buckets.request_tmp_credentials("box")
        with pytest.raises(NotSupported, match="server"):
            await account.buckets.persistent_credentials_create(["box"])


async def test_a_bucket_at_amazon_is_imported_with_its_history(
    client: Client, moto_server: MotoServer
) -> None:
    keys = moto_server.credentials
    async with S3Client(moto_server.endpoint_url, keys) as amazon:
        theirs = S3Backend(amazon)
        await theirs.create_bucket("at-amazon")
        await theirs.put("at-amazon", "k", b"one", options=PutOptions(tags={"t": "1"}))
        await theirs.put("at-amazon", "k", b"second")
        given = {
            "endpoint_url": moto_server.endpoint_url,
            "access_key_id": keys.access_key,
            "secret_access_key": keys.secret_key,
        }
        with pytest.raises(InvalidArgument, match="has no such bucket: NoSuchBucket"):
            await client.buckets.import_external("aws", "not-there", given)
        bucket = await client.buckets.import_external("aws", "at-amazon", given, "ours")
        held = [each async for each in client.buckets.revisions(bucket.uri_of("k"))]
        assert [each.size for each in held] == [6, 3]
        restored = await client.buckets.restore(bucket.uri_of("k"), held[1].version)
        assert (restored.size, restored.tags) == (3, {"t": "1"})
        async with client.buckets.get_disk_usage("ours") as totals:
            usage = [total async for total in totals][-1]
        assert (usage.total_bytes, usage.revision_count, usage.revision_bytes) == (3, 3, 12)
        await theirs.delete_bucket("at-amazon", force=True)


async def test_what_cannot_be_imported(client: Client, other: Whole) -> None:
    await imported(client, other, "taken")
    minio = Bucket.Provider.MINIO
    wrong = {**of(other), "secret_access_key": "not-the-secret"}
    with pytest.raises(InvalidArgument) as caught:
        await client.buckets.import_external(minio, "their-bucket", wrong, "never")
    assert "not-the-secret" not in str(caught.value)
    with pytest.raises(BucketExists):
        await client.buckets.import_external(minio, "their-bucket", of(other), "taken")
    with pytest.raises((InvalidArgument, NotSupported)):
        await client.buckets.import_external(Bucket.Provider.GRIDFS, "fs", {}, "never")
    with pytest.raises(InvalidArgument, match="has no such bucket: NoSuchBucket"):
        await client.buckets.import_external("minio", "not-there", of(other), "never")
    with pytest.raises(InvalidArgument, match="'nobody' is no provider; there are holdall, aws"):
        await client.buckets.import_external("nobody", "their-bucket", of(other), "never")
    assert [bucket.name async for bucket in client.buckets.list()] == ["taken"]
