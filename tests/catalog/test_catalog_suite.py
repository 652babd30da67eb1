"""Both dialects of the catalog sit the same exam."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from holdall.catalog.sqlite import writer
from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.catalog.transaction import Catalog
from holdall.testing.catalogs import CatalogTests
from holdall.testing.postgres import PostgresServer


class TestSqliteCatalog(CatalogTests):
    def limit_waiting(self, monkeypatch: pytest.MonkeyPatch, units: int) -> None:
        monkeypatch.setattr(writer, "MAX_WAITING", units)

    @pytest.fixture
    def make(self, tmp_path: Path) -> Callable[[], Catalog]:
        return partial(SqliteCatalog, tmp_path)


@pytest.mark.postgres
class TestPostgresCatalog(CatalogTests):
    def limit_waiting(self, monkeypatch: pytest.MonkeyPatch, units: int) -> None:
        monkeypatch.setattr("holdall.catalog.postgres.lane.MAX_WAITING", units)

    @pytest.fixture
    def make(self, postgres_server: PostgresServer, postgres_schema: str) -> Callable[[], Catalog]:
        catalog = pytest.importorskip("holdall.catalog.postgres.catalog")
        return partial(catalog.PostgresCatalog, postgres_server.dsn, schema=postgres_schema)
