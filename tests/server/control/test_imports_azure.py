"""Containers at Azure, which Azurite stands in for, imported by a server of ours."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from holdall.backends.azure import AzureBackend, granting
from holdall.cli.remote import Remote
from holdall.core.errors import (
    BlobNotFound,
    Conflict,
    HoldallError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    StoreError,
)
from holdall.core.values import PutOptions, Versioning
from holdall.payloads.azure import Account, AzureClient
from holdall.s3.client.retrying import Retries
from holdall.server import outward
from holdall.server.imports import AzureKey, Place
from holdall.server.provider_azure import AzureIssuer
from holdall.testing.azurite import AzuriteServer, azurite_server
from holdall.testing.backends.box import fetch
from tests.server.control.conftest import Login
from tests.server.control.importing import imported, own, strict, whole
from tests.server.transferring import done
from tests.server.whole import Whole, control

__all__ = ["azurite_server", "imported", "own", "strict", "whole"]

WRONG_KEY = base64.b64encode(b"their-own-secret-that-nobody-sees").decode()
QUICK = Retries(attempts=1)


@pytest.fixture
async def azure(azurite_server: AzuriteServer) -> AsyncIterator[AzureBackend]:
    """The whole account."""
    backend = AzureBackend(AzureClient(azurite_server.account))
    yield backend
    await backend.aclose()


@pytest.fixture
async def theirs(azure: AzureBackend, fresh: str) -> str:
    """A container with a blob."""
    await azure.create_bucket(f"their-{fresh}", versioning=Versioning.OFF)
    await azure.put(f"their-{fresh}", "a/b c", b"theirs")
    return f"their-{fresh}"


@pytest.fixture
def wanted(azurite_server: AzuriteServer, theirs: str, fresh: str) -> dict[str, Any]:
    """What to send to import it."""
    account = azurite_server.account
    return {
        "provider": "azure",
        "name": fresh,
        "provider_bucket_name": theirs,
        "credentials": {"storage_endpoint": account.url, "account_key": account.key},
    }


def sas_of(server: AzuriteServer, container: str, *, writes: bool = True) -> str:
    return granting.granted(server.account, container, writes=writes).fields["sas_token"]


def with_sas(wanted: dict[str, Any], sas: str) -> dict[str, Any]:
    endpoint = wanted["credentials"]["storage_endpoint"]
    return {**wanted, "credentials": {"storage_endpoint": endpoint, "sas_token": sas}}


@asynccontextmanager
async def used(made: dict[str, Any]) -> AsyncIterator[AzureBackend]:
    """A backend that has nothing but what the control plane handed out."""
    account = Account(made["storage_endpoint"], "", sas=made["sas_token"])
    backend = AzureBackend(AzureClient(account, retries=QUICK))
    try:
        yield backend
    finally:
        await backend.aclose()


async def answered(url: str, method: str = "GET", data: bytes | None = None) -> tuple[int, bytes]:
    headers = {"x-ms-blob-type": "BlockBlob"} if method == "PUT" else {}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, data=data, headers=headers) as answer,
    ):
        return answer.status, await answer.read()


async def test_a_container_is_imported_and_shown(
    admin: Remote, wanted: dict[str, Any], theirs: str, azure: AzureBackend
) -> None:
    made = await admin.post("/buckets/import", **wanted)
    shown = ("imported", "provider", "provider_bucket_name", "versioning")
    assert [made[name] for name in shown] == [True, "azure", theirs, "off"]
    assert await admin.get(f"/buckets/{wanted['name']}") == made
    with pytest.raises(Conflict):
        await admin.post("/buckets/import", **wanted)
    await admin.delete(f"/buckets/{wanted['name']}", force="true")
    assert (await azure.head(theirs, "a/b c")).size == 6, "only the record is deleted"


async def test_credentials_are_nowhere_to_be_read(
    whole: Whole,
    admin: Remote,
    wanted: dict[str, Any],
    azurite_server: AzuriteServer,
    theirs: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    name, sas = wanted["name"], sas_of(azurite_server, theirs)
    signature = sas.partition("sig=")[2].partition("&")[0]
    with caplog.at_level(logging.DEBUG):
        await admin.post("/buckets/import", **wanted)
        await admin.post("/buckets/import", **{**with_sas(wanted, sas), "name": f"s{name}"})
        texts = [
            json.dumps(await admin.get(f"/buckets/{name}")),
            json.dumps([each async for each in admin.every("/buckets")]),
            json.dumps(await admin.post(f"/buckets/{name}/sign-url", key="k")),
            json.dumps(await admin.post(f"/buckets/{name}/credentials")),
        ]
    key = str(azurite_server.account.key)
    for secret in (key, signature):
        assert not any(secret in text for text in [*texts, caplog.text])
        files = [path for path in whole.options.directory.rglob("*") if path.is_file()]
        assert files
        assert not any(secret.encode() in path.read_bytes() for path in files)


async def test_what_is_wrong_is_said_before_anything_is_kept(
    admin: Remote, wanted: dict[str, Any], azurite_server: AzuriteServer, theirs: str
) -> None:
    good, sas = wanted["credentials"], sas_of(azurite_server, theirs)
    account = azurite_server.account
    ended = granting.granted(account, theirs, life=-timedelta(hours=1)).fields["sas_token"]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"credentials": {**good, "account_key": WRONG_KEY}}, "ProviderRefused"),
        ({"credentials": {**good, "account_name": "another"}}, "ProviderRefused"),
        ({"provider_bucket_name": "not-there"}, "ProviderRefused"),
        ({**with_sas(wanted, sas), "provider_bucket_name": "not-there"}, "ProviderRefused"),
        (with_sas(wanted, sas.replace("sig=", "sig=x")), "ProviderRefused"),
        (with_sas(wanted, ended), "ProviderRefused"),
        (
            {"credentials": {**good, "storage_endpoint": "http://127.0.0.1:1/devstoreaccount1"}},
            "ProviderUnreachable",
        ),
        (
            {"credentials": {**good, "storage_endpoint": "http://169.254.169.254"}},
            "ProviderUnreachable",
        ),
    ]
    for change, code in wrong:
        with pytest.raises(InvalidArgument) as caught:
            await admin.post("/buckets/import", **{**wanted, **change})
        assert caught.value.facts["code"] == code, change
        assert "sig" not in str(caught.value)
    with pytest.raises(NotFound):
        await admin.get(f"/buckets/{wanted['name']}")


async def test_what_is_malformed(
    admin: Remote, wanted: dict[str, Any], azurite_server: AzuriteServer, theirs: str
) -> None:
    good, sas = wanted["credentials"], sas_of(azurite_server, theirs)
    wrong: list[dict[str, Any]] = [
        {"credentials": {**good, "account_key": "no base 64!"}},
        {"credentials": {**good, "account_key": None}},
        {"credentials": {**good, "sas_token": sas}},
        {"credentials": {**good, "storage_endpoint": None}},
        {"credentials": {**good, "storage_endpoint": "ftp://x"}},
        {"credentials": {**good, "storage_endpoint": "http://x/one/two"}},
        {"credentials": {**good, "storage_endpoint": "http://x/one?two"}},
        {"credentials": {**good, "storage_endpoint": "http://u:p@x/one"}},
        {"credentials": {**good, "account_name": "A/.."}},
        {"credentials": {**good, "bucket_name": "another"}},
        {"provider_bucket_name": None},
        {"provider_bucket_name": "under_score"},
        with_sas(wanted, "sv=1&se=2"),
        with_sas(wanted, f"{sas}#"),
        with_sas(wanted, f"{sas} HTTP/1.1"),
        {"credentials": {"access_key_id": "AKID", "secret_access_key": "x"}},
    ]
    for change in wrong:
        with pytest.raises(InvalidArgument) as caught:
            await admin.post("/buckets/import", **{**wanted, **change})
        assert not str(caught.value.facts["code"]).startswith("Provider"), change


async def test_addresses_are_signed_for_those_who_may(
    admin: Remote, login: Login, imported: str, theirs: str, azure: AzureBackend, fresh: str
) -> None:
    user, route = await login(f"u{fresh}"), f"/buckets/{imported}/sign-url"
    with pytest.raises(NotFound):
        await user.post(route, key="a/b c")
    await admin.put(f"/buckets/{imported}/grants/user:u{fresh}", level="read")
    made = await user.post(route, key="a/b c", expires_in=60, download_name="x.txt")
    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(0) < left <= timedelta(minutes=1)
    assert await answered(made["url"]) == (200, b"theirs")
    assert (await answered(made["url"], "PUT", b"x"))[0] == 403
    assert (await answered(made["url"].replace("a/b%20c", "other")))[0] == 403
    for method in ("PUT", "DELETE"):
        with pytest.raises(PermissionDenied):
            await user.post(route, key="a/b c", method=method)
    await admin.put(f"/buckets/{imported}/grants/user:u{fresh}", level="write")
    put = (await user.post(route, key="new", method="PUT"))["url"]
    assert (await answered(put, "PUT", b"written"))[0] == 201
    assert await fetch(azure, "new", bucket=theirs) == b"written"
    assert (await answered(put.replace("/new", "/other"), "PUT", b"x"))[0] == 403
    gone = (await user.post(route, key="new", method="DELETE"))["url"]
    assert (await answered(gone, "DELETE"))[0] == 202
    with pytest.raises(HoldallError) as caught:
        await user.post(route, key="a/b c", version="2026-01-01T00:00:00Z")
    assert caught.value.facts["code"] == "NotSupported"


async def test_credentials_to_read_reach_this_container_and_no_further(
    admin: Remote, login: Login, imported: str, theirs: str, azure: AzureBackend, fresh: str
) -> None:
    await azure.create_bucket(f"more-{fresh}", versioning=Versioning.OFF)
    await azure.put(f"more-{fresh}", "k", b"1")
    user = await login(f"u{fresh}")
    await admin.put(f"/buckets/{imported}/grants/user:u{fresh}", level="read")
    made = await user.post(f"/buckets/{imported}/credentials", seconds=900)
    assert made.keys() == {"bucket_name", "storage_endpoint", "sas_token", "expiry"}
    left = datetime.fromisoformat(made["expiry"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    async with used(made) as backend:
        assert [each.key for each in (await backend.list(theirs)).entries] == ["a/b c"]
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
    admin: Remote, imported: str, theirs: str, azure: AzureBackend, fresh: str
) -> None:
    await azure.create_bucket(f"more-{fresh}", versioning=Versioning.OFF)
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
        await azure.head(theirs, "k")


async def test_of_a_signature_nothing_is_made(
    admin: Remote, wanted: dict[str, Any], azurite_server: AzuriteServer, theirs: str
) -> None:
    await admin.post(
        "/buckets/import", **with_sas(wanted, f"?{sas_of(azurite_server, theirs, writes=False)}")
    )
    for route, body in (("sign-url", {"key": "k"}), ("credentials", {})):
        with pytest.raises(HoldallError, match="account's key") as caught:
            await admin.post(f"/buckets/{wanted['name']}/{route}", **body)
        assert caught.value.facts["code"] == "NotSupported"


async def test_a_narrowed_key_gets_no_more_than_it_is(
    whole: Whole, admin: Remote, imported: str
) -> None:
    reading = whole.with_key(await admin.post("/credentials", read_only=True))
    async with control(reading) as caller:
        assert await caller.post(f"/buckets/{imported}/credentials")
        with pytest.raises(PermissionDenied):
            await caller.post(f"/buckets/{imported}/credentials", access="write")


async def test_without_the_extra(
    admin: Remote, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "holdall.server.provider_azure", None)
    with pytest.raises(HoldallError, match=r"holdall\[azure\]") as caught:
        await admin.post("/buckets/import", **wanted)
    assert caught.value.facts["code"] == "NotSupported"


async def test_a_new_master_key_opens_them(own: Whole, wanted: dict[str, Any]) -> None:
    async with control(own.profile) as admin:
        await admin.post("/buckets/import", **wanted)
        assert (await admin.post("/master-keys"))["resealed"]["imports"] == 1
        path = own.options.directory / "master-key"
        path.write_text(path.read_text().splitlines()[0] + "\n")
        made = await admin.post(f"/buckets/{wanted['name']}/sign-url", key="a/b c")
        assert await answered(made["url"]) == (200, b"theirs")
        path.write_text("11" * 32)
        with pytest.raises(Conflict, match="import it again"):
            await admin.post(f"/buckets/{wanted['name']}/credentials")


# where connections go


class Listener:
    """Says `answer` to whoever comes, and counts them."""

    def __init__(self, answer: bytes = b"") -> None:
        self.met = 0
        self.port = 0
        self._answer = answer

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.met += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self._answer)
        await writer.drain()
        writer.close()

    async def __aenter__(self) -> Listener:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()


def said(status: str, body: bytes, *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


async def test_the_inside_is_not_for_importing(strict: Whole, wanted: dict[str, Any]) -> None:
    async with control(strict.profile) as admin, Listener() as inside:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            given = {**wanted["credentials"], "storage_endpoint": f"http://{host}:{inside.port}"}
            with pytest.raises(InvalidArgument, match="does not connect to"):
                await admin.post("/buckets/import", **{**wanted, "credentials": given})
        assert inside.met == 0


HELD = AzureKey("account", WRONG_KEY)


async def test_the_vendors_client_never_connects_to_the_inside() -> None:
    async with outward.session(private=False) as session, Listener() as inside:
        for url in (
            f"http://127.0.0.1:{inside.port}",
            "http://169.254.169.254",
            "http://[fe80::1]",
        ):
            issuer = AzureIssuer(Place("azure", "box", "", url), HELD, session)
            backend = await issuer.backend()
            for asked in (backend.list("box"), backend.head("box", "k"), backend.open("box", "k")):
                with pytest.raises(StoreError, match="reached"):
                    await asked
            await backend.aclose()
        assert inside.met == 0


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


async def test_the_server_transfers_from_and_to_it(
    admin: Remote, azure: AzureBackend, theirs: str, imported: str, fresh: str
) -> None:
    await admin.post("/buckets", name=f"own-{fresh}")
    there = await done(admin, imported, f"own-{fresh}")
    assert (there["copied"], there["bytes_copied"]) == (1, 6)
    back = {"bucket": imported, "prefix": "back"}
    await done(admin, f"own-{fresh}", imported, target=back)
    assert await fetch(azure, "back/a/b c", bucket=theirs) == b"theirs"


@pytest.mark.parametrize(
    "answer",
    [
        said("200 OK", b"<html>hunter2</html>"),
        said("302 Found", b"", "location: http://127.0.0.1:1/hunter2"),
        said("403 No", b"hunter2", "x-ms-error-code: hunter2"),
        said("200 OK", b"x" * 1_000_000),
        b"hunter2\r\n\r\n",
    ],
)
async def test_a_server_that_answers_anything_tells_nothing(
    admin: Remote, wanted: dict[str, Any], answer: bytes
) -> None:
    async with Listener(answer) as listener:
        url = f"http://127.0.0.1:{listener.port}"
        given = {**wanted["credentials"], "storage_endpoint": url}
        with pytest.raises(InvalidArgument) as caught:
            await admin.post("/buckets/import", **{**wanted, "credentials": given})
    assert str(caught.value.facts["code"]).startswith("Provider")
    assert "hunter2" not in str(caught.value)
