"""Accounts at Azure and Google as clusters of a client, against their emulators."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

import holdall
from holdall import Bucket, Client
from holdall.client.config import ClusterConfig, Config
from holdall.client.opening import clusters_of
from holdall.client.parts import LARGE
from holdall.testing.azurite import AzuriteServer, azurite_server
from holdall.testing.gcs import gcs_server
from tests.backends.google import Google, cloud
from tests.faults.broken import content

__all__ = ["azurite_server", "cloud", "gcs_server"]


async def exercised(client: Client, provider: Bucket.Provider, folder: Path) -> None:
    """Put, get, list, sign and download, in a bucket of its own."""
    name = f"box-{uuid4().hex[:12]}"
    bucket = await client.buckets.create(name, versioned=False)
    assert bucket.provider is provider
    made = await client.buckets.put_blob(name, "a/b c", b"text", metadata={"m": "ü"})
    assert (made.size, made.metadata) == (4, {"m": "ü"})
    async with client.buckets.fetch_blob(name, "a/b c") as chunks:
        assert b"".join([data async for data in chunks]) == b"text"
    listed = client.buckets.list_blobs(bucket.uri, recursive=True)
    assert [each.key async for each in listed] == ["a/b c"]
    url = await client.buckets.make_signed_url(made.uri, 60)
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert (answer.status, await answer.read()) == (200, b"text")
    large = content("large", LARGE + 1)
    blob = await client.buckets.put_blob(name, "large", large)
    await client.buckets.download_file(blob.uri, folder / "large")
    assert (folder / "large").read_bytes() == large
    await client.buckets.rm(name, force=True)


async def test_an_account_at_azure(azurite_server: AzuriteServer, tmp_path: Path) -> None:
    account = azurite_server.account
    async with holdall.connect(
        f"az://{account.name}", endpoint_url=account.url, secret_key=account.key
    ) as client:
        await exercised(client, Bucket.Provider.AZURE, tmp_path)


async def test_a_configured_account_at_azure(azurite_server: AzuriteServer, tmp_path: Path) -> None:
    account = azurite_server.account
    cluster = ClusterConfig(
        f"az://{account.name}", endpoint_url=account.url, secret_key=account.key
    )
    async with Client.of(clusters_of(Config({"cloud": cluster}, "cloud"))) as client:
        await exercised(client, Bucket.Provider.AZURE, tmp_path)


@pytest.fixture
def key_file(cloud: Google, tmp_path: Path) -> str:
    path = tmp_path / "key.json"
    path.write_text(cloud.key)
    return str(path)


async def test_a_project_at_google(cloud: Google, key_file: str, tmp_path: Path) -> None:
    async with holdall.connect(
        "gs://tester", endpoint_url=cloud.endpoint, credentials_file=key_file
    ) as client:
        await exercised(client, Bucket.Provider.GCP, tmp_path)
    assert cloud.presented, "as whom the key says"


async def test_a_configured_project_at_google(cloud: Google, key_file: str, tmp_path: Path) -> None:
    cluster = ClusterConfig("gs://tester", endpoint_url=cloud.endpoint, credentials_file=key_file)
    async with Client.of(clusters_of(Config({"cloud": cluster}, "cloud"))) as client:
        await exercised(client, Bucket.Provider.GCP, tmp_path)
