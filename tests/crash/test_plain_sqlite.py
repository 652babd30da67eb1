"""The harness itself, on SQLite alone: it accepts what is durable and catches what is not."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest

from .faults import Faults
from .journal import Journal
from .replay import Report, replay
from .vfs import RecordingVFS

pytestmark = pytest.mark.timeout(120)

ROWS = 40
WRITERS = 2


def record(folder: Path, synchronous: str) -> Journal:
    """Two threads commit rows and say so, with a checkpoint now and then."""
    journal = Journal(folder)
    vfs = RecordingVFS(journal, Faults())
    path = str(folder / "plain.db")
    connection = _connect(path, vfs, synchronous)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (a, b)")
    journal.mark("made")
    threads = [
        threading.Thread(target=_insert, args=(path, vfs, synchronous, number))
        for number in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection.close()
    return journal


def _connect(path: str, vfs: RecordingVFS, synchronous: str) -> apsw.Connection:
    connection = apsw.Connection(path, vfs=vfs.name)
    connection.set_busy_timeout(30_000)
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA wal_autocheckpoint = 20")
    return connection


def _insert(path: str, vfs: RecordingVFS, synchronous: str, writer: int) -> None:
    connection = _connect(path, vfs, synchronous)
    for number in range(ROWS):
        row = f"{writer}-{number}"
        connection.execute("INSERT INTO t VALUES (?, randomblob(1500))", (row,))
        vfs.journal.mark(row)
    connection.close()


async def judge(folder: Path, notes: Sequence[object]) -> list[str]:
    if not notes:
        return []
    connection = apsw.Connection(str(folder / "plain.db"))
    try:
        problems = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
        found = {row[0] for row in connection.execute("SELECT a FROM t")}
    finally:
        connection.close()
    lost = [str(note) for note in notes if note != "made" and note not in found]
    return [problem for problem in problems if problem != "ok"] + lost


async def cut(folder: Path, synchronous: str, count: int, until: int | None = None) -> Report:
    journal = record(folder, synchronous)
    return await replay(journal.events, judge, start=0, count=count, seed=1, until=until)


async def test_full_synchronous_loses_nothing(tmp_path: Path) -> None:
    report = await cut(tmp_path, "FULL", 400)
    assert report.failures == []
    assert report.states > 100


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
async def test_less_than_that_is_caught(tmp_path: Path, synchronous: str) -> None:
    report = await cut(tmp_path, synchronous, 400, until=1)
    assert report.failures
