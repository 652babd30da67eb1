"""Containers at Azure, which Azurite stands in for, imported by a server of ours."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from holdall.backends.azure import AzureBackend, granting
from holdall.cli.remote import Remote
from holdall.core.errors import BlobNotFound, HoldallError, PermissionDenied
from holdall.core.values import PutOptions, Revision, Versioning
from holdall.payloads.azure import Account, AzureClient
from holdall.s3.client.retrying import Retries
from holdall.server import outward
from holdall.server.imports import AzureKey, Place
from holdall.server.providers.azure import AzureIssuer
from holdall.server.providers.issuer import Issuer
from holdall.testing.azurite import AzuriteServer, azurite_server
from holdall.testing.backends.box import fetch
from tests.server.control.clouds import ImportTests, Json, answered, theirs
from tests.server.control.conftest import Login
from tests.server.control.importing import imported, own, strict, whole
from tests.server.control.inside import inside

__all__ = ["azurite_server", "imported", "inside", "own", "strict", "theirs", "whole"]

WRONG_KEY = base64.b64encode(b"their-own-secret-that-nobody-sees").decode()
QUICK = Retries(attempts=1)
PUT = {"x-ms-blob-type": "BlockBlob"}


@pytest.fixture
async def there(azurite_server: AzuriteServer) -> AsyncIterator[AzureBackend]:
    """The whole account."""
    backend = AzureBackend(AzureClient(azurite_server.account))
    yield backend
    await backend.aclose()


@pytest.fixture
def wanted(azurite_server: AzuriteServer, theirs: str, fresh: str) -> Json:
    account = azurite_server.account
    return {
        "provider": "azure",
        "name": fresh,
        "provider_bucket_name": theirs,
        "credentials": {"storage_endpoint": account.url, "account_key": account.key},
    }


@pytest.fixture
def sas(azurite_server: AzuriteServer, theirs: str) -> str:
    return granting.granted(azurite_server.account, theirs, writes=True).fields["sas_token"]


def with_sas(wanted: Json, sas: str) -> Json:
    endpoint = wanted["credentials"]["storage_endpoint"]
    return {**wanted, "credentials": {"storage_endpoint": endpoint, "sas_token": sas}}


@pytest.fixture
def lesser(wanted: Json, sas: str) -> Json:
    return with_sas(wanted, sas)


@pytest.fixture
def kept_secrets(azurite_server: AzuriteServer, sas: str) -> Sequence[str]:
    return str(azurite_server.account.key), sas.partition("sig=")[2].partition("&")[0]


@pytest.fixture
def wrong(
    azurite_server: AzuriteServer, wanted: Json, theirs: str, sas: str
) -> Sequence[tuple[Json, str]]:
    good, account = wanted["credentials"], azurite_server.account
    ended = granting.granted(account, theirs, life=-timedelta(hours=1)).fields["sas_token"]
    refused: list[Json] = [
        {"credentials": {**good, "account_key": WRONG_KEY}},
        {"credentials": {**good, "account_name": "another"}},
        {**with_sas(wanted, sas), "provider_bucket_name": "not-there"},
        with_sas(wanted, sas.replace("sig=", "sig=x")),
        with_sas(wanted, ended),
    ]
    unreachable = ("http://127.0.0.1:1/devstoreaccount1", "http://169.254.169.254")
    return [(change, "ProviderRefused") for change in refused] + [
        ({"credentials": {**good, "storage_endpoint": url}}, "ProviderUnreachable")
        for url in unreachable
    ]


@pytest.fixture
def malformed(wanted: Json, sas: str) -> Sequence[Json]:
    good = wanted["credentials"]
    return [
        {"credentials": {**good, "account_key": "no base 64!"}},
        {"credentials": {**good, "account_key": None}},
        {"credentials": {**good, "sas_token": sas}},
        {"credentials": {**good, "storage_endpoint": None}},
        {"credentials": {**good, "storage_endpoint": "ftp://x"}},
        {"credentials": {**good, "storage_endpoint": "http://x/one/two"}},
        {"credentials": {**good, "storage_endpoint": "http://x/one?two"}},
        {"credentials": {**good, "storage_endpoint": "http://u:p@x/one"}},
        {"credentials": {**good, "account_name": "A/.."}},
        {"provider_bucket_name": "under_score"},
        with_sas(wanted, "sv=1&se=2"),
        with_sas(wanted, f"{sas}#"),
        with_sas(wanted, f"{sas} HTTP/1.1"),
    ]


class TestAzure(ImportTests):
    provider = "azure"
    extra = "azure"
    driver = "holdall.server.providers.azure"
    put_headers = PUT

    def leading(self, good: Json, url: str) -> Sequence[Json]:
        return [{**good, "storage_endpoint": url}]

    def issuers(self, url: str, session: aiohttp.ClientSession) -> Sequence[Issuer]:
        held = AzureKey("account", WRONG_KEY)
        return [AzureIssuer(Place("azure", "box", "", url), held, session)]


@asynccontextmanager
async def used(made: Json) -> AsyncIterator[AzureBackend]:
    """A backend that has nothing but what the control plane handed out."""
    account = Account(made["storage_endpoint"], "", sas=made["sas_token"])
    backend = AzureBackend(AzureClient(account, retries=QUICK))
    try:
        yield backend
    finally:
        await backend.aclose()


async def test_an_address_is_good_for_one_thing(
    admin: Remote, imported: str, theirs: str, there: AzureBackend
) -> None:
    route = f"/buckets/{imported}/sign-url"
    get = (await admin.post(route, key="a/b c"))["url"]
    assert (await answered(get, "PUT", b"x", PUT))[0] == 403
    assert (await answered(get.replace("a/b%20c", "other")))[0] == 403
    put = (await admin.post(route, key="new", method="PUT"))["url"]
    assert (await answered(put.replace("/new", "/other"), "PUT", b"x", PUT))[0] == 403
    gone = (await admin.post(route, key="a/b c", method="DELETE"))["url"]
    assert (await answered(gone, "DELETE"))[0] == 202
    with pytest.raises(BlobNotFound):
        await there.head(theirs, "a/b c")


async def test_credentials_to_read_reach_this_container_and_no_further(
    admin: Remote, login: Login, imported: str, theirs: str, there: AzureBackend, fresh: str
) -> None:
    await there.create_bucket(f"more-{fresh}", versioning=Versioning.OFF)
    await there.put(f"more-{fresh}", "k", b"1")
    user = await login(f"u{fresh}")
    await admin.put(f"/buckets/{imported}/grants/user:u{fresh}", level="read")
    made = await user.post(f"/buckets/{imported}/credentials", seconds=900)
    assert made.keys() == {"bucket_name", "storage_endpoint", "sas_token", "expiry"}
    left = datetime.fromisoformat(made["expiry"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    async with used(made) as backend:
        (listed,) = (await backend.list(theirs)).entries
        assert isinstance(listed, Revision)
        assert listed.key == "a/b c"
        assert await fetch(backend, "a/b c", bucket=theirs) == b"theirs"
        refused: list[Callable[[], Any]] = [
            lambda: backend.put(theirs, "k", b"x"),
            lambda: backend.delete(theirs, "a/b c"),
            lambda: backend.set_tags(theirs, "a/b c", {"t": "1"}),
            lambda: backend.list(f"more-{fresh}"),
            lambda: backend.open(f"more-{fresh}", "k"),
            lambda: backend.delete_bucket(theirs, force=True),
        ]
        for asked in refused:
            with pytest.raises(PermissionDenied):
                await asked()
    with pytest.raises(PermissionDenied):
        await user.post(f"/buckets/{imported}/credentials", access="write")


async def test_credentials_to_write(
    admin: Remote, imported: str, theirs: str, there: AzureBackend, fresh: str
) -> None:
    await there.create_bucket(f"more-{fresh}", versioning=Versioning.OFF)
    made = await admin.post(f"/buckets/{imported}/credentials", access="write")
    async with used(made) as backend:
        await backend.put(theirs, "k", b"x", options=PutOptions(tags={"t": "1"}))
        assert (await backend.head(theirs, "k")).tags == {"t": "1"}
        await backend.delete(theirs, "k")
        with pytest.raises(PermissionDenied):
            await backend.put(f"more-{fresh}", "k", b"x")
        with pytest.raises(PermissionDenied):
            await backend.delete_bucket(theirs, force=True)
    with pytest.raises(BlobNotFound):
        await there.head(theirs, "k")


async def test_of_a_signature_nothing_is_made(
    admin: Remote, wanted: Json, azurite_server: AzuriteServer, theirs: str
) -> None:
    sas = granting.granted(azurite_server.account, theirs, writes=False).fields["sas_token"]
    await admin.post("/buckets/import", **with_sas(wanted, f"?{sas}"))
    for route, body in (("sign-url", {"key": "k"}), ("credentials", {})):
        with pytest.raises(HoldallError, match="account's key") as caught:
            await admin.post(f"/buckets/{wanted['name']}/{route}", **body)
        assert caught.value.facts["code"] == "NotSupported"


async def test_the_vendors_client_goes_by_connections_of_others(
    azurite_server: AzuriteServer, theirs: str
) -> None:
    account = azurite_server.account
    place, held = Place("azure", theirs, "", account.url), AzureKey(account.name, account.key)
    async with outward.session(private=True) as session:
        backend = await AzureIssuer(place, held, session).backend()
        assert await fetch(backend, "a/b c", bucket="any") == b"theirs"
        await backend.aclose()
        assert session.connector is not None
        assert not session.connector.closed
