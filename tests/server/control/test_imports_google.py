"""Buckets of Google, which fake-gcs-server stands in for, imported by a server of ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from holdall.backends.gcs import GcsBackend
from holdall.cli.remote import Remote
from holdall.core.errors import HoldallError, InvalidArgument, PermissionDenied
from holdall.server.imports import GoogleKey, Place
from holdall.server.providers.google import GoogleIssuer
from holdall.server.providers.issuer import Issuer
from holdall.testing.gcs import gcs_server
from tests.backends.google import GIVEN, Google, cloud, gcs, service_account
from tests.server.control.clouds import ImportTests, Json, theirs
from tests.server.control.conftest import Login
from tests.server.control.importing import imported, own, strict, whole
from tests.server.control.inside import inside

__all__ = ["cloud", "gcs", "gcs_server", "imported", "inside", "own", "strict", "theirs", "whole"]


@pytest.fixture
def there(gcs: GcsBackend) -> GcsBackend:
    return gcs


@pytest.fixture
def wanted(cloud: Google, theirs: str, fresh: str) -> Json:
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


def with_token(wanted: Json, token: str = GIVEN) -> Json:
    endpoint = wanted["credentials"]["endpoint_url"]
    return {**wanted, "credentials": {"endpoint_url": endpoint, "access_token": token}}


@pytest.fixture
def lesser(wanted: Json) -> Json:
    return with_token(wanted)


@pytest.fixture
def kept_secrets(wanted: Json) -> Sequence[str]:
    key = json.loads(wanted["credentials"]["service_account_key"])["private_key"]
    return key.splitlines()[1], GIVEN


@pytest.fixture
def wrong(wanted: Json, cloud: Google) -> Sequence[tuple[Json, str]]:
    good = wanted["credentials"]
    unreachable: list[Json] = [
        {"endpoint_url": "http://127.0.0.1:1"},
        {"endpoint_url": "http://169.254.169.254"},
        {"service_account_key": service_account("http://127.0.0.1:1/token")},
        {"service_account_key": service_account("http://169.254.169.254/token")},
        {"service_account_key": service_account("http://[fe80::1]/token")},
        {"service_account_key": service_account("file:///etc/passwd")},
        {"service_account_key": service_account("x")},
        {"service_account_key": service_account("http://[")},
        {"service_account_key": service_account("http://127.0.0.1:1/\ud800")},
    ]
    stranger = service_account(cloud.token_uri, "somebody")
    return [
        ({"credentials": {**good, "service_account_key": stranger}}, "ProviderRefused"),
        (with_token(wanted, "never-given"), "ProviderRefused"),
        *(({"credentials": {**good, **each}}, "ProviderUnreachable") for each in unreachable),
    ]


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


@pytest.fixture
def malformed(wanted: Json) -> Sequence[Json]:
    good = wanted["credentials"]
    keys: list[str | None] = [
        "{",
        "[]",
        '{"type": "authorized_user"}',
        '{"type": "service_account"}',
        "[" * 16_000,
        altered(private_key="none"),
        altered(private_key=curved()),
        altered(client_email="\ud800"),
        altered(client_email=1),
        None,
    ]
    return [
        *({"credentials": {**good, "service_account_key": key}} for key in keys),
        {"credentials": {**good, "access_token": "t"}},
        {"credentials": {**good, "endpoint_url": "http://x/path"}},
        {"credentials": {**good, "project": "../up"}},
        {"provider_bucket_name": "goog-x"},
        with_token(wanted, "a\r\nb: c"),
    ]


class TestGoogle(ImportTests):
    provider = "gcp"
    extra = "gcs"
    driver = "holdall.server.providers.google"

    def leading(self, good: Json, url: str) -> Sequence[Json]:
        return [
            {**good, "service_account_key": service_account(f"{url}/token")},
            {"endpoint_url": url, "access_token": GIVEN},
        ]

    def issuers(self, url: str, session: aiohttp.ClientSession) -> Sequence[Issuer]:
        key = GoogleKey("p", service_account(f"{url}/token"))
        return [
            GoogleIssuer(Place("gcp", "box", "", None), key, session),
            GoogleIssuer(Place("gcp", "box", "", url), GoogleKey("p", None, GIVEN), session),
        ]


async def test_addresses_are_in_googles_words(
    admin: Remote, imported: str, theirs: str, cloud: Google
) -> None:
    made = await admin.post(f"/buckets/{imported}/sign-url", key="a/b c")
    assert made["url"].startswith(f"{cloud.endpoint}/{theirs}/a/b%20c?X-Goog-Algorithm=")


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


async def test_of_a_token_no_addresses_are_made(admin: Remote, wanted: Json, cloud: Google) -> None:
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


async def test_large_keys_are_refused(
    admin: Remote, wanted: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever imports one makes the server sign with it."""
    monkeypatch.setattr("holdall.payloads.gcs.key_files._MOST", 128)
    with pytest.raises(InvalidArgument, match="1024 bits"):
        await admin.post("/buckets/import", **wanted)
