"""An engine on each catalog, for verbs that are the engine's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from holdall.backends.engine import EngineBackend
from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.catalog.transaction import Catalog
from holdall.core.values import Versioning
from holdall.engine.engine import Engine
from holdall.payloads.memory import MemoryPayloads
from holdall.testing.postgres import PostgresServer

from .stores import rows_of


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def make_catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Catalog]:
    if request.param == "sqlite":
        return partial(SqliteCatalog, tmp_path)
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name: str = request.getfixturevalue("postgres_schema")
    catalog = pytest.importorskip("holdall.catalog.postgres.catalog")
    return partial(catalog.PostgresCatalog, server.dsn, schema=name)


@pytest.fixture
async def engine(make_catalog: Callable[[], Catalog]) -> AsyncIterator[Engine]:
    """With a bucket `box`, versioned, one `flat`, which is not, and one `slack`, suspended."""
    engine = Engine(make_catalog(), MemoryPayloads(), "me")
    backend = EngineBackend(engine)
    await backend.create_bucket("box")
    await backend.create_bucket("flat", versioning=Versioning.OFF)
    await backend.create_bucket("slack")
    await backend.set_versioning("slack", Versioning.SUSPENDED)
    yield engine
    await backend.sweep()
    assert await backend.check(scrub=True) == []
    assert await rows_of(backend, "doomed") == 0
    await backend.aclose()


@pytest.fixture
def backend(engine: Engine) -> EngineBackend:
    return EngineBackend(engine)


@pytest.fixture
def others(engine: Engine) -> Engine:
    """The same store, as somebody else uses it."""
    return Engine(engine.catalog, engine.payloads, "other", background=engine.background)
