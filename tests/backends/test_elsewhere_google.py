"""Buckets of fake-gcs-server by way of a server of ours, which hands out what reaches them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from holdall import Bucket, Client, NotSupported, PermissionDenied
from holdall.backends.gcs import GcsBackend
from holdall.backends.remote import RemoteBackend
from holdall.backends.remote.accounts import RemoteAccounts
from holdall.backends.remote.control import Access
from holdall.backends.remote.elsewhere_google import GoogleElsewhere
from holdall.backends.remote.granting import GoogleGrant
from holdall.backends.remote.renewing import Renewal
from holdall.core.values import Versioning
from holdall.payloads.gcs.resumable import CHUNK
from holdall.testing.backends.box import fetch, names
from holdall.testing.gcs import gcs_server
from tests.backends.google import GIVEN, Google, cloud, gcs
from tests.client.served import connected
from tests.server.whole import Whole, serving_whole

__all__ = ["cloud", "gcs", "gcs_server"]


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
    with serving_whole(tmp_path / "store", allow_private_endpoints=True) as running:
        yield running


@pytest.fixture
async def client(whole: Whole) -> AsyncIterator[Client]:
    async with connected(whole) as client:
        yield client


@pytest.fixture
async def theirs(gcs: GcsBackend) -> str:
    name = f"their-{uuid4().hex[:12]}"
    await gcs.create_bucket(name, versioning=Versioning.OFF)
    await gcs.put(name, "a/b c", b"theirs")
    return name


@pytest.fixture
async def ours(client: Client, cloud: Google, theirs: str) -> Bucket:
    """The same, imported."""
    given = {
        "project": "tester",
        "endpoint_url": cloud.endpoint,
        "service_account_key": cloud.key,
    }
    return await client.buckets.import_external(Bucket.Provider.GCP, theirs, given, "ours")


async def content(client: Client, key: str) -> bytes:
    async with client.buckets.fetch_blob("ours", key) as found:
        return b"".join([data async for data in found])


async def test_an_imported_bucket_is_used_like_any_other(
    client: Client, ours: Bucket, theirs: str, gcs: GcsBackend, cloud: Google
) -> None:
    assert (ours.name, ours.provider) == ("ours", Bucket.Provider.GCP)
    assert await client.buckets.get("ours") == ours
    assert await content(client, "a/b c") == b"theirs"
    made = await client.buckets.put_blob("ours", "new", b"123", metadata={"m": "ü"})
    assert (made.size, made.metadata) == (3, {"m": "ü"})
    assert await fetch(gcs, "new", bucket=theirs) == b"123"
    large = bytes(CHUNK + 1)
    await client.buckets.put_blob("ours", "large", large)
    assert await content(client, "large") == large
    listed = client.buckets.list_blobs(ours.uri, recursive=True)
    assert [each.key async for each in listed] == ["a/b c", "large", "new"]
    await client.buckets.create("home")
    copied = await client.buckets.copy(made.uri, "blob:home/copy")
    assert (copied.size, copied.metadata) == (3, {"m": "ü"})
    await client.buckets.delete_blob("ours", "new")
    url = await client.buckets.make_signed_url("blob:ours/a%2Fb%20c")
    assert str(url).startswith(cloud.endpoint)
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert await answer.read() == b"theirs"
    tokens = {token for token in cloud.presented if token}
    assert {token.partition("-")[0] for token in tokens} == {"wide", "narrow"}
    assert len([token for token in tokens if token.startswith("wide")]) == 1, "to try the key"
    credentials = await client.buckets.request_tmp_credentials("ours")
    assert credentials.provider is Bucket.Provider.GCP
    fields = ("bucket_name", "project", "access_token", "expire_time", "endpoint_url")
    assert credentials.credentials.keys() == set(fields)
    await client.buckets.rm("ours")
    assert await names(gcs, theirs) == ["a/b c", "large"]


async def test_what_is_given_out_can_be_imported(client: Client, ours: Bucket) -> None:
    given = (await client.buckets.request_tmp_credentials("ours")).credentials
    made = await client.buckets.import_external(
        Bucket.Provider.GCP, given["bucket_name"], given, "again"
    )
    blob = await client.buckets.put_blob(made.name or "", "k", b"1")
    assert blob.size == 1
    with pytest.raises(NotSupported, match="service account"):
        await client.buckets.make_signed_url(blob.uri)


async def test_bytes_go_to_the_provider(
    client: Client, ours: Bucket, theirs: str, whole: Whole, gcs: GcsBackend
) -> None:
    """Once it has handed out the credentials the server is in nobody's way."""
    home = RemoteBackend(Access(whole.endpoint, whole.profile.credentials))
    accounts = RemoteAccounts(home)
    backend = await accounts.backend_of(await home.get_bucket("ours"))
    await home.aclose()
    await backend.put("ours", "k", b"direct")
    assert await fetch(gcs, "k", bucket=theirs) == b"direct"
    assert await fetch(backend, "k", bucket="ours") == b"direct"
    assert await names(backend, "ours") == ["a/b c", "k"]
    (gone, never) = await backend.delete_many("ours", ["k", "never"])
    assert (gone.error, never.error) == (None, None)
    await accounts.aclose()


async def test_without_the_extra(
    client: Client, ours: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "holdall.backends.remote.elsewhere_google", None)
    with pytest.raises(NotSupported, match=r"holdall\[gcs\]"):
        await client.buckets.put_blob("ours", "k", b"1")


async def test_another_token_is_asked_for_before_it_ends(cloud: Google, theirs: str) -> None:
    now = datetime.now(UTC)
    first = GoogleGrant(theirs, "tester", cloud.endpoint, now + timedelta(hours=1), "ended")
    asked = 0

    async def ask() -> GoogleGrant:
        nonlocal asked
        asked += 1
        return replace(first, until=now + timedelta(hours=2), token=GIVEN)

    clock = now
    backend = GoogleElsewhere.granted(Renewal(first, ask, now=lambda: clock))
    with pytest.raises(PermissionDenied):
        await backend.list("ours")
    assert asked == 0, "it says that it is good for long"
    clock += timedelta(minutes=56)
    assert await names(backend, "ours") == ["a/b c"]
    assert await fetch(backend, "a/b c", bucket="ours") == b"theirs"
    assert (await backend.put("ours", "k", b"1")).size == 1
    assert asked == 1
    assert "ended" not in repr(first)
    await backend.aclose()
