"""Stores for the engine's tests: put together by hand, judged to the last file."""

from __future__ import annotations

from pathlib import Path

from holdall.backends.engine import EngineBackend
from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.core.values import Sweep
from holdall.engine.engine import Engine, microseconds
from holdall.payloads.local import LocalPayloads
from holdall.testing.payloads import FaultPlan, FaultyPayloads

LARGE = bytes(range(256)) * 1024  # 256 KiB: a file
HOUR = 3_600_000_000


def open_store(path: Path, *, plan: FaultPlan | None = None, later: int = 0) -> EngineBackend:
    """The store in `path`, its clock `later` microseconds ahead, failing as `plan` says."""
    path.mkdir(exist_ok=True)
    payloads = LocalPayloads.create(path / "payloads")
    catalog = SqliteCatalog(path)
    return EngineBackend(
        Engine(
            catalog,
            FaultyPayloads(payloads, plan) if plan else payloads,
            "tester",
            now=lambda: microseconds() + later,
        )
    )


def files_of(path: Path) -> list[Path]:
    return [found for found in (path / "payloads").rglob("*") if found.is_file()]


async def judge(path: Path, *, files: int | None = None) -> Sweep:
    """Reopen long after, sweep, check; so many payload files are left, and none else.

    Without `files`: as many as the catalog has payloads, all of which are in use.
    """
    backend = open_store(path, later=HOUR)
    try:
        swept = await backend.sweep()
        assert await backend.check(scrub=True) == []
        for table in ("doomed", "leases"):
            assert await rows_of(backend, table) == 0, table
        known = await rows_of(backend, "payloads")
        assert len(files_of(path)) == known == (known if files is None else files)
        return swept
    finally:
        await backend.aclose()


async def rows_of(backend: EngineBackend, table: str) -> int:
    (count,) = await backend.engine.catalog.scan(
        lambda reads: reads.one(f"SELECT count(*) FROM {table}") or (0,)
    )
    return int(count)


async def content(backend: EngineBackend, key: str) -> bytes:
    async with await backend.open("box", key) as reading:
        return await reading.read()
