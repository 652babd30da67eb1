"""The engine sits the backends' exam: on every catalog, on every payload store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdall.backends.engine import EngineBackend
from holdall.backends.protocol import Backend
from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.engine.engine import Engine
from holdall.payloads.local import LocalPayloads
from holdall.payloads.memory import MemoryPayloads
from holdall.testing.backends import BackendTests
from holdall.testing.postgres import PostgresServer

OWNER = "tester"


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


class EngineTests(BackendTests):
    async def settle(self, backend: Backend) -> None:
        assert isinstance(backend, EngineBackend)
        await backend.sweep()


class TestSqliteAndFiles(EngineTests):
    @pytest.fixture
    async def backend(self, tmp_path: Path) -> AsyncIterator[Backend]:
        backend = await EngineBackend.at(tmp_path / "store", owner=OWNER)
        yield backend
        await backend.aclose()
        await assert_sound((await EngineBackend.at(tmp_path / "store", owner=OWNER)).engine)


class TestSqliteAndMemory(EngineTests):
    @pytest.fixture
    async def backend(self, tmp_path: Path) -> AsyncIterator[Backend]:
        payloads = MemoryPayloads()
        backend = EngineBackend(Engine(SqliteCatalog(tmp_path), payloads, OWNER))
        yield backend
        await backend.aclose()
        await assert_sound(Engine(SqliteCatalog(tmp_path), payloads, OWNER))


@pytest.mark.postgres
class TestPostgresAndFiles(EngineTests):
    @pytest.fixture
    async def backend(
        self, tmp_path: Path, postgres_server: PostgresServer, postgres_schema: str
    ) -> AsyncIterator[Backend]:
        catalogs = pytest.importorskip("holdall.catalog.postgres.catalog")

        def engine() -> Engine:
            catalog = catalogs.PostgresCatalog(postgres_server.dsn, schema=postgres_schema)
            return Engine(catalog, LocalPayloads.create(tmp_path / "payloads"), OWNER)

        backend = EngineBackend(engine())
        yield backend
        await backend.aclose()
        await assert_sound(engine())
