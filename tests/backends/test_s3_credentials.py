"""Credentials for one bucket, of those who confine them to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from holdall.backends.s3 import S3Backend
from holdall.core.errors import (
    BucketNotFound,
    HoldallError,
    NotSupported,
    PermissionDenied,
    StoreError,
)
from holdall.s3.client import Retries, S3Client
from holdall.s3.signing import Credentials
from tests.server.whole import Whole, serving_whole

SECRETS = ("access_key_id", "secret_access_key", "session_token")
KEYS = Credentials("AKIA", "secret")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with serving_whole(tmp_path_factory.mktemp("served") / "store") as running:
        yield running


@pytest.fixture
async def client(whole: Whole) -> AsyncIterator[S3Client]:
    async with S3Client(whole.endpoint, whole.profile.credentials) as client:
        yield client


async def test_credentials_for_one_bucket(client: S3Client) -> None:
    for bucket in ("box", "other"):
        await client.create_bucket(bucket)
    await client.put("other", "k", b"not yours")
    backend = S3Backend(client, provider="minio")
    access = await backend.temporary_credentials("box")
    assert (access.bucket, access.provider) == ("box", "minio")
    said = dict(access.fields)
    key, secret, token = (said.pop(name) for name in SECRETS)
    assert secret not in repr(access)
    left = datetime.fromisoformat(said.pop("expiration")) - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert said == {
        "bucket_name": "box",
        "endpoint_url": client.endpoint_url,
        "region_name": client.region,
    }
    async with S3Client(client.endpoint_url, Credentials(key, secret, token)) as theirs:
        await theirs.put("box", "k", b"content")
        assert [each.key async for each in theirs.each("box")] == ["k"]
        await theirs.delete("box", "k")
        for call in (theirs.head("other", "k"), theirs.put("other", "k", b"")):
            with pytest.raises(PermissionDenied):
                await call
    with pytest.raises(BucketNotFound):
        await backend.temporary_credentials("never")


@pytest.mark.parametrize(
    ("url", "keys", "provider", "able"),
    [
        ("https://s3.eu-central-1.amazonaws.com", KEYS, None, True),
        ("https://s3.eu-central-1.amazonaws.com", Credentials("ASIA", "s", "token"), None, False),
        ("https://s3.eu-central-1.amazonaws.com", None, None, False),
        ("https://s3.example.com", KEYS, None, False),
        ("https://amazonaws.com.example.com", KEYS, None, False),
        ("https://s3.example.com", KEYS, "minio", True),
        ("https://s3.example.com", Credentials("ASIA", "s", "token"), "minio", True),
    ],
)
async def test_who_gives_out_credentials_for_one_bucket(
    url: str, keys: Credentials | None, provider: str | None, able: bool
) -> None:
    backend = S3Backend(S3Client(url, keys), provider=provider)
    assert backend.capabilities.credentials is able
    if not able:
        with pytest.raises(NotSupported):
            await backend.temporary_credentials("box")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>", None),
        (403, "", PermissionDenied),
        (501, "<html/>", NotSupported),
        (200, "<html/>", StoreError),
    ],
)
async def test_what_a_token_service_refuses(
    status: int, body: str, error: type[HoldallError] | None
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status if request.method == "POST" else 200, text=body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        client = S3Client(str(server.make_url("")).rstrip("/"), KEYS, retries=Retries(1))
        with pytest.raises(error or PermissionDenied) as caught:
            await S3Backend(client, provider="minio").temporary_credentials("box")
        await client.aclose()
    assert caught.value.code == (None if error else "AccessDenied")
