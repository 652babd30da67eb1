"""Buckets of Google, which fake-gcs-server stands in for, imported by a server of ours."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from holdall.backends.gcs import GcsBackend
from holdall.cli.remote import Remote
from holdall.core.errors import (
    Conflict,
    HoldallError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    StoreError,
)
from holdall.core.values import Versioning
from holdall.server import outward
from holdall.server.imports import GoogleKey, Place
from holdall.server.provider_google import GoogleIssuer
from holdall.testing.backends.box import fetch
from holdall.testing.gcs import gcs_server
from tests.backends.google import GIVEN, Google, cloud, gcs, service_account
from tests.server.control.conftest import Login
from tests.server.control.importing import imported, own, strict, whole
from tests.server.transferring import done
from tests.server.whole import Whole, control

__all__ = ["cloud", "gcs", "gcs_server", "imported", "own", "strict", "whole"]


@pytest.fixture
async def theirs(gcs: GcsBackend, fresh: str) -> str:
    """A bucket with an object."""
    await gcs.create_bucket(f"their-{fresh}", versioning=Versioning.OFF)
    await gcs.put(f"their-{fresh}", "a/b c", b"theirs")
    return f"their-{fresh}"


@pytest.fixture
def wanted(cloud: Google, theirs: str, fresh: str) -> dict[str, Any]:
    """What to send to import it."""
    return {
        "provider": "gcp",
        "name": fresh,
        "provider_bucket_name": theirs,
        "credentials": {
            "project": "tester",
            "endpoint_url": cloud.endpoint,
            "service_account_key": cloud.key,
        },
    }


def with_token(wanted: dict[str, Any], token: str = GIVEN) -> dict[str, Any]:
    endpoint = wanted["credentials"]["endpoint_url"]
    return {**wanted, "credentials": {"endpoint_url": endpoint, "access_token": token}}


async def answered(url: str, method: str = "GET", data: bytes | None = None) -> tuple[int, bytes]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, data=data) as answer,
    ):
        return answer.status, await answer.read()


async def test_a_bucket_is_imported_and_shown(
    admin: Remote, wanted: dict[str, Any], theirs: str, gcs: GcsBackend
) -> None:
    made = await admin.post("/buckets/import", **wanted)
    shown = ("imported", "provider", "provider_bucket_name", "versioning")
    assert [made[name] for name in shown] == [True, "gcp", theirs, "off"]
    assert await admin.get(f"/buckets/{wanted['name']}") == made
    await admin.delete(f"/buckets/{wanted['name']}", force="true")
    assert (await gcs.head(theirs, "a/b c")).size == 6, "only the record is deleted"


async def test_credentials_are_nowhere_to_be_read(
    whole: Whole, admin: Remote, wanted: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    name = wanted["name"]
    with caplog.at_level(logging.DEBUG):
        await admin.post("/buckets/import", **wanted)
        await admin.post("/buckets/import", **{**with_token(wanted), "name": f"t{name}"})
        texts = [
            json.dumps(await admin.get(f"/buckets/{name}")),
            json.dumps([each async for each in admin.every("/buckets")]),
            json.dumps(await admin.post(f"/buckets/{name}/sign-url", key="k")),
            json.dumps(await admin.post(f"/buckets/{name}/credentials")),
        ]
    key = json.loads(wanted["credentials"]["service_account_key"])["private_key"]
    for secret in (key.splitlines()[1], GIVEN):
        assert not any(secret in text for text in [*texts, caplog.text])
        files = [path for path in whole.options.directory.rglob("*") if path.is_file()]
        assert files
        assert not any(secret.encode() in path.read_bytes() for path in files)


async def test_what_is_wrong_is_said_before_anything_is_kept(
    admin: Remote, wanted: dict[str, Any], cloud: Google
) -> None:
    good = wanted["credentials"]

    def key(token_uri: str, name: str = "me") -> dict[str, Any]:
        return {"credentials": {**good, "service_account_key": service_account(token_uri, name)}}

    wrong: list[tuple[dict[str, Any], str]] = [
        (key(cloud.token_uri, "somebody"), "ProviderRefused"),
        (with_token(wanted, "never-given"), "ProviderRefused"),
        ({"provider_bucket_name": "not-there"}, "ProviderRefused"),
        ({"credentials": {**good, "endpoint_url": "http://127.0.0.1:1"}}, "ProviderUnreachable"),
        (
            {"credentials": {**good, "endpoint_url": "http://169.254.169.254"}},
            "ProviderUnreachable",
        ),
        (key("http://127.0.0.1:1/token"), "ProviderUnreachable"),
        (key("http://169.254.169.254/token"), "ProviderUnreachable"),
        (key("http://[fe80::1]/token"), "ProviderUnreachable"),
        (key("file:///etc/passwd"), "ProviderUnreachable"),
        (key("x"), "ProviderUnreachable"),
        (key("http://["), "ProviderUnreachable"),
        (key("http://127.0.0.1:1/\ud800"), "ProviderUnreachable"),
    ]
    for change, code in wrong:
        with pytest.raises(InvalidArgument) as caught:
            await admin.post("/buckets/import", **{**wanted, **change})
        assert caught.value.facts["code"] == code, change
        assert "hunter2" not in str(caught.value)
    with pytest.raises(NotFound):
        await admin.get(f"/buckets/{wanted['name']}")


def altered(**changes: object) -> str:
    return json.dumps({**json.loads(service_account("x")), **changes})


def curved() -> str:
    """A key that is not RSA's."""
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


async def test_what_is_malformed(admin: Remote, wanted: dict[str, Any]) -> None:
    good = wanted["credentials"]
    wrong: list[dict[str, Any]] = [
        {"credentials": {**good, "service_account_key": "{"}},
        {"credentials": {**good, "service_account_key": "[]"}},
        {"credentials": {**good, "service_account_key": '{"type": "authorized_user"}'}},
        {"credentials": {**good, "service_account_key": '{"type": "service_account"}'}},
        {"credentials": {**good, "service_account_key": "[" * 16_000}},
        {"credentials": {**good, "service_account_key": altered(private_key="none")}},
        {"credentials": {**good, "service_account_key": altered(private_key=curved())}},
        {"credentials": {**good, "service_account_key": altered(client_email="\ud800")}},
        {"credentials": {**good, "service_account_key": altered(client_email=1)}},
        {"credentials": {**good, "service_account_key": None}},
        {"credentials": {**good, "access_token": "t"}},
        {"credentials": {**good, "endpoint_url": "http://x/path"}},
        {"credentials": {**good, "project": "../up"}},
        {"credentials": {**good, "bucket_name": "another"}},
        {"provider_bucket_name": None},
        {"provider_bucket_name": "goog-x"},
        with_token(wanted, "a\r\nb: c"),
    ]
    for change in wrong:
        with pytest.raises(InvalidArgument) as caught:
            await admin.post("/buckets/import", **{**wanted, **change})
        assert not str(caught.value.facts["code"]).startswith("Provider"), change


async def test_addresses_are_signed_for_those_who_may(
    admin: Remote,
    login: Login,
    imported: str,
    theirs: str,
    cloud: Google,
    gcs: GcsBackend,
    fresh: str,
) -> None:
    user, route = await login(f"u{fresh}"), f"/buckets/{imported}/sign-url"
    await admin.put(f"/buckets/{imported}/grants/user:u{fresh}", level="read")
    made = await user.post(route, key="a/b c", expires_in=60, download_name="x.txt")
    assert made["url"].startswith(f"{cloud.endpoint}/{theirs}/a/b%20c?X-Goog-Algorithm=")
    assert await answered(made["url"]) == (200, b"theirs")
    for method in ("PUT", "DELETE"):
        with pytest.raises(PermissionDenied):
            await user.post(route, key="a/b c", method=method)
    put = (await admin.post(route, key="new", method="PUT"))["url"]
    assert (await answered(put, "PUT", b"written"))[0] == 200
    assert await fetch(gcs, "new", bucket=theirs) == b"written"
    with pytest.raises(HoldallError) as caught:
        await user.post(route, key="a/b c", version="1")
    assert caught.value.facts["code"] == "NotSupported"


async def test_credentials_are_narrowed_to_the_bucket(
    admin: Remote, login: Login, imported: str, theirs: str, cloud: Google, fresh: str
) -> None:
    user, route = await login(f"u{fresh}"), f"/buckets/{imported}/credentials"
    await admin.put(f"/buckets/{imported}/grants/user:u{fresh}", level="read")
    made = await user.post(route)
    assert (made["bucket_name"], made["project"]) == (theirs, "tester")
    assert made["endpoint_url"] == cloud.endpoint
    assert made["access_token"].startswith("narrow-")
    left = datetime.fromisoformat(made["expire_time"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    with pytest.raises(PermissionDenied):
        await user.post(route, access="write")
    await admin.post(route, access="write")
    read, write = cloud.narrowed
    resource = f"//storage.googleapis.com/projects/_/buckets/{theirs}"
    lists = "inRole:roles/storage.legacyBucketReader"
    assert (read["availableResource"], write["availableResource"]) == (resource, resource)
    assert read["availablePermissions"] == [lists, "inRole:roles/storage.legacyObjectReader"]
    assert write["availablePermissions"] == [lists, "inRole:roles/storage.objectUser"]


async def test_of_a_token_no_addresses_are_made(
    admin: Remote, wanted: dict[str, Any], cloud: Google
) -> None:
    await admin.post("/buckets/import", **with_token(wanted))
    place = f"/buckets/{wanted['name']}"
    with pytest.raises(HoldallError, match="service account") as caught:
        await admin.post(f"{place}/sign-url", key="k")
    assert caught.value.facts["code"] == "NotSupported"
    made = await admin.post(f"{place}/credentials")
    assert made["access_token"].startswith("narrow-")
    cloud.narrows = False
    with pytest.raises(HoldallError, match="refused") as caught:
        await admin.post(f"{place}/credentials")
    assert caught.value.facts["code"] == "NotSupported"


async def test_without_the_extra(
    admin: Remote, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "holdall.server.provider_google", None)
    with pytest.raises(HoldallError, match=r"holdall\[gcs\]") as caught:
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


class Inside:
    """Something that must not be reached, or that answers anything; counts who comes."""

    def __init__(self) -> None:
        self.met = 0
        self.answer: dict[str, Any] = {"status": 200, "text": "hunter2"}
        self.url = ""

    async def _meet(self, request: web.Request) -> web.Response:
        self.met += 1
        return web.Response(**self.answer)


@pytest.fixture
async def inside() -> AsyncIterator[Inside]:
    made = Inside()
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", made._meet)
    async with TestServer(app) as running:
        made.url = str(running.make_url("")).rstrip("/")
        yield made


async def test_the_inside_is_not_for_importing(
    strict: Whole, wanted: dict[str, Any], inside: Inside
) -> None:
    good = wanted["credentials"]
    async with control(strict.profile) as admin:
        for change in (
            {"endpoint_url": inside.url},
            {"service_account_key": service_account(f"{inside.url}/token")},
            {"endpoint_url": None, "service_account_key": service_account(f"{inside.url}/token")},
        ):
            with pytest.raises(InvalidArgument, match="does not connect to"):
                await admin.post("/buckets/import", **{**wanted, "credentials": {**good, **change}})
    assert inside.met == 0


async def test_the_backend_never_connects_to_the_inside(inside: Inside) -> None:
    async with outward.session(private=False) as session:
        for url in (inside.url, "http://169.254.169.254", "http://[fe80::1]"):
            for place, held in (
                (Place("gcp", "box", "", url), GoogleKey("p", None, GIVEN)),
                (Place("gcp", "box", "", None), GoogleKey("p", service_account(f"{url}/token"))),
            ):
                backend = await GoogleIssuer(place, held, session).backend()
                with pytest.raises(StoreError, match="reached"):
                    await backend.list("box")
                await backend.aclose()
        assert not session.closed
    assert inside.met == 0


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "text": "hunter2"},
        {"status": 200, "text": "[" * 50_000},
        {"status": 200, "body": b"\xff"},
        {"status": 200, "body": b"x" * 1_000_000},
        {"status": 200, "text": '{"access_token": 1, "expires_in": "hunter2"}'},
        {"status": 200, "text": '{"access_token": "a\\r\\nb: hunter2", "expires_in": 60}'},
        {"status": 200, "text": '{"access_token": "t", "expires_in": 1e999}'},
        {"status": 302, "headers": {"location": "/hunter2"}},
        {"status": 400, "text": '{"error": "hunter2", "error_description": ["hunter2"]}'},
        {"status": 403, "text": '{"error": {"errors": [{"reason": "hunter2"}]}}'},
        {"status": 403, "text": '{"error": {"errors": [{"reason": ["hunter2"]}]}}'},
    ],
)
async def test_a_server_that_answers_anything_tells_nothing(
    admin: Remote, wanted: dict[str, Any], inside: Inside, answer: dict[str, Any]
) -> None:
    inside.answer = answer
    good, token_uri = wanted["credentials"], f"{inside.url}/token"
    for given in (
        {**good, "service_account_key": service_account(token_uri)},
        {"endpoint_url": inside.url, "access_token": GIVEN},
    ):
        with pytest.raises(InvalidArgument) as caught:
            await admin.post("/buckets/import", **{**wanted, "credentials": given})
        assert str(caught.value.facts["code"]).startswith("Provider")
        assert "hunter2" not in str(caught.value)
    assert inside.met == 2, "nothing is followed, nor asked for again"


async def test_the_server_transfers_from_and_to_it(
    admin: Remote, gcs: GcsBackend, theirs: str, imported: str, fresh: str
) -> None:
    await admin.post("/buckets", name=f"own-{fresh}")
    there = await done(admin, imported, f"own-{fresh}")
    assert (there["copied"], there["bytes_copied"]) == (1, 6)
    back = {"bucket": imported, "prefix": "back"}
    await done(admin, f"own-{fresh}", imported, target=back)
    assert await fetch(gcs, "back/a/b c", bucket=theirs) == b"theirs"


async def test_large_keys_are_refused(
    admin: Remote, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever imports one makes the server sign with it."""
    monkeypatch.setattr("holdall.payloads.gcs.key_files._MOST", 128)
    with pytest.raises(InvalidArgument, match="1024 bits"):
        await admin.post("/buckets/import", **wanted)
