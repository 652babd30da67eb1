"""The whole store against power cuts; the long form is `scripts/power_cuts.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
import pytest

from holdall.catalog.sqlite.catalog import SqliteCatalog

from . import cuts
from .recording_os import RecordingOS
from .stores import few_folders

pytestmark = pytest.mark.timeout(300)


async def test_every_legal_state_holds_what_was_acknowledged() -> None:
    report = await cuts.power_cuts(250, seed=1, per_run=130)
    assert report.failures == []
    assert report.states >= 250
    assert report.acknowledged > 100


async def test_a_second_cut_while_the_first_is_repaired(tmp_path: Path) -> None:
    """Opening and sweeping write too: cut them, at a moment of their own."""
    report = await cuts.cut_twice(tmp_path, seed=3, firsts=4, seconds=25)
    assert report.failures == []
    assert report.states > 40


# The controls: without what makes writes durable the same harness must find losses.


async def failures(folder: Path, **options: Any) -> list[str]:
    with few_folders():
        journal = await cuts.record(folder, seed=2, **options)
        report = await cuts.cut(journal, count=400, seed=2, until=3)
    return [problem for failure in report.failures for problem in failure.problems]


async def test_payloads_without_fsync_are_found_out(tmp_path: Path) -> None:
    assert await failures(tmp_path, fsync=False)


@pytest.mark.parametrize("skipped", ["staging", "data"])
async def test_half_of_the_fsyncs_is_not_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skipped: str
) -> None:
    """Files made durable without their names, or names without their bytes."""
    sync = RecordingOS._sync

    def forgetful(shim: RecordingOS, descriptor: int, call: Any) -> None:
        if skipped not in Path(shim._paths[descriptor]).relative_to(tmp_path).parts:
            sync(shim, descriptor, call)

    monkeypatch.setattr(RecordingOS, "_sync", forgetful)
    assert await failures(tmp_path)


async def test_a_catalog_without_fsync_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = SqliteCatalog._connect

    def careless(catalog: SqliteCatalog) -> apsw.Connection:
        connection = connect(catalog)
        if catalog._vfs is not None:  # those that judge work as they should
            connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    monkeypatch.setattr(SqliteCatalog, "_connect", careless)
    assert await failures(tmp_path)
