"""The engine sits the backends' exam with its names in SQLite and its bytes in S3."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdall.backends.engine import EngineBackend
from holdall.backends.protocol import Backend
from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.engine.engine import Engine
from holdall.payloads.s3 import S3Payloads
from holdall.s3.client import Retries, S3Client
from holdall.testing.backends import BackendTests
from holdall.testing.loopback import S3Server
from holdall.testing.moto import MotoServer
from holdall.testing.seaweed import SeaweedServer

OWNER = "tester"
NUMBERS = itertools.count()


def client(server: S3Server) -> S3Client:
    return S3Client(server.endpoint_url, server.credentials, retries=Retries(first=0.01))


async def assert_sound(engine: Engine) -> None:
    """The store is as its tables say, to the last byte, and nothing is left over."""
    backend = EngineBackend(engine)
    try:
        await backend.sweep()
        assert await backend.check(scrub=True) == []
        rows = await engine.catalog.scan(lambda reads: reads.one("SELECT count(*) FROM payloads"))
        assert rows == (len([info async for info in engine.payloads.list()]),)
    finally:
        await backend.aclose()


class EngineOnS3Tests(BackendTests):
    @pytest.fixture
    async def backend(self, tmp_path: Path, server: S3Server) -> AsyncIterator[Backend]:
        bucket = f"engine-{next(NUMBERS)}"
        async with client(server) as maker:
            await maker.create_bucket(bucket)

        def engine() -> Engine:
            return Engine(SqliteCatalog(tmp_path), S3Payloads(client(server), bucket), OWNER)

        backend = EngineBackend(engine())
        yield backend
        await backend.aclose()
        await assert_sound(engine())
        async with client(server) as checker:
            assert [upload async for upload in checker.each_upload(bucket)] == []
            assert [entry async for entry in checker.each(bucket, prefix="staging/")] == []

    async def settle(self, backend: Backend) -> None:
        assert isinstance(backend, EngineBackend)
        await backend.sweep()


class TestMoto(EngineOnS3Tests):
    @pytest.fixture
    def server(self, moto_server: MotoServer) -> MotoServer:
        return moto_server


class TestSeaweed(EngineOnS3Tests):
    @pytest.fixture
    def server(self, seaweed_server: SeaweedServer) -> SeaweedServer:
        return seaweed_server
