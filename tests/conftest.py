"""Settings of the test tools that hold for every test."""

from __future__ import annotations

from hypothesis import settings

from holdall.testing.postgres import postgres_schema, postgres_server

# No test asserts a time, and a busy machine is not a bug.
settings.register_profile("holdall", deadline=None, print_blob=True)
settings.load_profile("holdall")

__all__ = ["postgres_schema", "postgres_server"]
