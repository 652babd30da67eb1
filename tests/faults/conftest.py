"""Our own server, found sound after every test, and a proxy before it that can break."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from holdall import Client
from holdall.backends.s3 import S3Backend
from holdall.client.connection import Opened
from holdall.core.values import Versioning
from holdall.testing.proxy import Proxy
from holdall.testing.server import Running, serving
from tests.cli.conftest import bucket, holdall, store

from .broken import BUCKET, FLAT, backend_at, uploads_left

__all__ = ["bucket", "holdall", "store"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
async def direct(server: Running) -> AsyncIterator[S3Backend]:
    """Without the proxy, to see what was really stored."""
    backend = backend_at(server.endpoint, server.root)
    await backend.create_bucket(BUCKET)
    await backend.create_bucket(FLAT, versioning=Versioning.OFF)
    try:
        yield backend
        assert await uploads_left(backend) == []
        assert server.problems() == []
    finally:
        for name in (BUCKET, FLAT):
            await backend.delete_bucket(name, force=True)
        await backend.aclose()


@pytest.fixture
async def proxy(server: Running) -> AsyncIterator[Proxy]:
    async with Proxy(server.endpoint) as proxy:
        yield proxy


@pytest.fixture
async def backend(proxy: Proxy, server: Running, direct: S3Backend) -> AsyncIterator[S3Backend]:
    """Through the proxy."""
    backend = backend_at(proxy.endpoint_url, server.root)
    try:
        yield backend
    finally:
        await backend.aclose()


@pytest.fixture
async def client(backend: S3Backend) -> AsyncIterator[Client]:
    async def opening() -> Opened:
        return Opened(backend)

    async with Client(opening, username="s3") as client:
        yield client
