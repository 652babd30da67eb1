"""The engine sits the backends' exam: on every catalog, on every payload store."""

from __future__ import annotations

import importlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest

from holdall.backends.engine import EngineBackend
from holdall.backends.protocol import Backend
from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.engine import buckets, check, collect, delete, sweep
from holdall.engine.engine import Engine
from holdall.payloads.local import LocalPayloads
from holdall.payloads.memory import MemoryPayloads
from holdall.testing.backends import BackendTests
from holdall.testing.postgres import REQUIRED, PostgresServer

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


def postgres() -> ModuleType:
    """The driver, which is an extra; where servers are required, so is the extra."""
    name = "holdall.catalog.postgres.catalog"
    if os.environ.get(REQUIRED) == "1":
        return importlib.import_module(name)
    return pytest.importorskip(name)  # type: ignore[no-any-return]


class EngineTests(BackendTests):
    """With steps so short that whatever goes in steps takes several."""

    @pytest.fixture(autouse=True)
    def short_steps(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in (buckets, check, collect, delete, sweep):
            monkeypatch.setattr(module, "BATCH", 7)

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
        def engine() -> Engine:
            catalog = postgres().PostgresCatalog(postgres_server.dsn, schema=postgres_schema)
            return Engine(catalog, LocalPayloads.create(tmp_path / "payloads"), OWNER)

        backend = EngineBackend(engine())
        yield backend
        await backend.aclose()
        await assert_sound(engine())
