"""The PostgreSQL server that the catalog's tests share."""

from __future__ import annotations

from holdall.testing.postgres import postgres_schema, postgres_server

__all__ = ["postgres_schema", "postgres_server"]
