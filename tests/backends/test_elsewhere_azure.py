"""Azurite's containers by way of a server of ours, which hands out what reaches them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from holdall import Bucket, Client, NotFound, NotSupported, PermissionDenied
from holdall.backends.azure import AzureBackend, granting
from holdall.backends.remote import RemoteBackend
from holdall.backends.remote.accounts import RemoteAccounts
from holdall.backends.remote.control import Access
from holdall.backends.remote.elsewhere_azure import AzureElsewhere
from holdall.backends.remote.granting import AzureGrant
from holdall.backends.remote.renewing import Renewal
from holdall.core.values import BucketRecord, PutOptions, Versioning
from holdall.payloads.azure import Account, AzureClient
from holdall.s3.client.parts import PART
from holdall.s3.client.retrying import Retries
from holdall.testing.azurite import AzuriteServer, azurite_server
from holdall.testing.backends.box import fetch, names
from tests.client.served import connected
from tests.server.whole import Whole, control, serving_whole

__all__ = ["azurite_server"]


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
    with serving_whole(tmp_path / "store", allow_private_endpoints=True) as running:
        yield running


@pytest.fixture
async def client(whole: Whole) -> AsyncIterator[Client]:
    async with connected(whole) as client:
        yield client


@pytest.fixture
async def azure(azurite_server: AzuriteServer) -> AsyncIterator[AzureBackend]:
    """The whole account."""
    backend = AzureBackend(AzureClient(azurite_server.account))
    yield backend
    await backend.aclose()


@pytest.fixture
async def theirs(azure: AzureBackend) -> str:
    name = f"their-{uuid4().hex[:12]}"
    await azure.create_bucket(name, versioning=Versioning.OFF)
    await azure.put(name, "a/b c", b"theirs", options=PutOptions(tags={"t": "1"}))
    return name


@pytest.fixture
async def ours(client: Client, azurite_server: AzuriteServer, theirs: str) -> Bucket:
    """The same, imported."""
    account = azurite_server.account
    given = {"storage_endpoint": account.url, "account_key": str(account.key)}
    return await client.buckets.import_external(Bucket.Provider.AZURE, theirs, given, "ours")


async def content(client: Client, key: str, *, owner: str | None = None) -> bytes:
    async with client.buckets.fetch_blob("ours", key, bucket_owner=owner) as found:
        return b"".join([data async for data in found])


async def test_an_imported_container_is_used_like_any_other(
    client: Client, ours: Bucket, theirs: str, azure: AzureBackend, azurite_server: AzuriteServer
) -> None:
    assert (ours.name, ours.provider) == ("ours", Bucket.Provider.AZURE)
    assert await client.buckets.get("ours") == ours
    assert await content(client, "a/b c") == b"theirs"
    made = await client.buckets.put_blob("ours", "new", b"123", metadata={"m": "ü"})
    assert (made.size, made.metadata) == (3, {"m": "ü"})
    assert await fetch(azure, "new", bucket=theirs) == b"123"
    large = bytes(2 * PART + 1)
    await client.buckets.put_blob("ours", "large", large)
    assert await content(client, "large") == large
    listed = client.buckets.list_blobs(ours.uri, recursive=True)
    assert [each.key async for each in listed] == ["a/b c", "large", "new"]
    copied = await client.buckets.copy(made.uri, "blob:ours/copy")
    assert (copied.size, copied.metadata) == (3, {"m": "ü"})
    await client.buckets.create("home")
    assert (await client.buckets.copy(made.uri, "blob:home/copy")).size == 3
    await client.buckets.delete_blob("ours", "new")
    url = await client.buckets.make_signed_url("blob:ours/copy")
    assert str(url).startswith(azurite_server.endpoint_url)
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert await answer.read() == b"123"
    credentials = await client.buckets.request_tmp_credentials("ours")
    assert credentials.provider is Bucket.Provider.AZURE
    assert credentials.credentials.keys() == {
        "bucket_name",
        "storage_endpoint",
        "sas_token",
        "expiry",
    }
    await client.buckets.rm("ours")
    assert await names(azure, theirs) == ["a/b c", "copy", "large"]


async def test_what_is_given_out_can_be_imported(client: Client, ours: Bucket) -> None:
    given = (await client.buckets.request_tmp_credentials("ours")).credentials
    made = await client.buckets.import_external(
        Bucket.Provider.AZURE, given["bucket_name"], given, "again"
    )
    with pytest.raises(NotSupported, match="account's key"):
        await client.buckets.put_blob(made.name or "", "k", b"1")


async def test_a_reader_reads(client: Client, ours: Bucket, whole: Whole) -> None:
    async with control(whole.profile) as admin:
        await admin.post("/users", name="reader")
        key = await admin.post("/keys", user="reader")
        await admin.put("/buckets/ours/grants/user:reader", level="read")
    async with connected(whole, access_key=key["id"], secret_key=key["secret_key"]) as reader:
        assert await content(reader, "a/b c", owner="admin") == b"theirs"
        listed = reader.buckets.list_blobs(ours.uri, recursive=True)
        assert [each.key async for each in listed] == ["a/b c"]
        with pytest.raises(PermissionDenied):
            await reader.buckets.put_blob("ours", "k", b"1", bucket_owner="admin")


async def test_bytes_go_to_the_provider(
    client: Client, ours: Bucket, theirs: str, whole: Whole, azure: AzureBackend
) -> None:
    """Once it has handed out the credentials the server is in nobody's way."""
    home = RemoteBackend(Access(whole.endpoint, whole.profile.credentials))
    accounts = RemoteAccounts(home)
    backend = await accounts.backend_of(await home.get_bucket("ours"))
    await home.aclose()
    await backend.put("ours", "k", b"direct")
    assert await fetch(azure, "k", bucket=theirs) == b"direct"
    assert await fetch(backend, "k", bucket="ours") == b"direct"
    assert await names(backend, "ours") == ["a/b c", "k"]
    (gone, never) = await backend.delete_many("ours", ["k", "never"])
    assert (gone.error, never.error) == (None, None)
    await accounts.aclose()


async def test_without_the_extra(
    client: Client, ours: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "holdall.backends.remote.elsewhere_azure", None)
    with pytest.raises(NotSupported, match=r"holdall\[azure\]"):
        await client.buckets.put_blob("ours", "k", b"1")


async def test_another_signature_is_asked_for_before_it_ends(
    azurite_server: AzuriteServer, theirs: str
) -> None:
    now = datetime.now(UTC)
    account = azurite_server.account
    good = granting.granted(account, theirs).fields["sas_token"]
    ended = granting.granted(account, theirs, life=timedelta(hours=-1)).fields["sas_token"]
    first = AzureGrant(theirs, account.url, now + timedelta(hours=1), ended)
    asked = 0

    async def ask() -> AzureGrant:
        nonlocal asked
        asked += 1
        return replace(first, until=now + timedelta(hours=2), sas=good)

    record = BucketRecord("B", "ann", "ours", now, Versioning.OFF)
    clock = now
    backend = AzureElsewhere.granted(record, Renewal(first, ask, now=lambda: clock))
    with pytest.raises(PermissionDenied):
        await backend.list("ours")
    assert asked == 0, "it says that it is good for long"
    clock += timedelta(minutes=56)
    assert await names(backend, "ours") == ["a/b c"]
    assert await fetch(backend, "a/b c", bucket="ours") == b"theirs"
    assert (await backend.copy("ours", "a/b c", "ours", "copy")).tags == {"t": "1"}
    assert (await backend.put("ours", "k", b"1")).size == 1
    assert asked == 1
    assert not any("sig=" in text for text in (repr(first), repr(backend)))
    await backend.aclose()


async def test_each_request_carries_one_signature_the_newest() -> None:
    """A request that is sent again too."""
    asked: list[list[str]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.query.getall("sig"))
        return web.Response(status=503 if len(asked) < 3 else 404)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", answer)
    signatures = iter(["sig=1", "sig=2", "sig=3"])

    async def ask() -> str:
        return next(signatures)

    async with TestServer(app) as server:
        account = Account(str(server.make_url("")).rstrip("/"), "", sas="sig=0", ask=ask)
        backend = AzureBackend(AzureClient(account, retries=Retries(attempts=3, first=0.01)))
        with pytest.raises(NotFound):
            await backend.head("box", "k")
        await backend.aclose()
    assert asked == [["1"], ["2"], ["3"]]
