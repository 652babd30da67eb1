"""The SQLite catalog alone: group commits, checkpoints and failing disks against power cuts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw
import pytest

from holdall.catalog.sqlite import checkpointer
from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.catalog.transaction import Transaction, Unit
from holdall.core.errors import HoldallError, OutcomeUnknown, StorageFull

from .faults import Fault, Faults, io_error, no_space
from .journal import Journal
from .replay import Report, replay
from .vfs import RecordingVFS

pytestmark = pytest.mark.timeout(180)

WRITERS = 4
ROWS = 25


@dataclass(frozen=True, slots=True)
class Tried:
    """A row that a writer tried to add; `outcome` None while it waits for the answer."""

    row: int
    outcome: str | None = None


@dataclass
class Setting:
    folder: Path
    journal: Journal
    faults: Faults
    vfs: RecordingVFS

    def open(self) -> SqliteCatalog:
        return SqliteCatalog(self.folder, vfs=self.vfs.name)

    async def cut(self, count: int, *, seed: int = 1, until: int | None = None) -> Report:
        return await replay(
            self.journal.events, judge, start=0, count=count, seed=seed, until=until
        )


@pytest.fixture
def setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setting:
    monkeypatch.setattr(checkpointer, "SOFT", 20)
    monkeypatch.setattr(checkpointer, "HARD", 60)
    journal, faults = Journal(tmp_path), Faults()
    return Setting(tmp_path, journal, faults, RecordingVFS(journal, faults))


def row(number: int) -> Unit[None]:
    def unit(tx: Transaction) -> None:
        tx.run(
            "INSERT INTO small_payloads (id, crc32c, bytes) VALUES (?, 0, zeroblob(1500))",
            (number,),
        )

    return unit


async def write(catalog: SqliteCatalog, journal: Journal, numbers: Iterable[int]) -> list[Tried]:
    """One writer: row after row, each announced and answered in the log."""
    answers = []
    for number in numbers:
        journal.mark(Tried(number))
        answers.append(Tried(number, await attempt(catalog, number)))
        journal.mark(answers[-1])
    return answers


async def attempt(catalog: SqliteCatalog, number: int) -> str:
    try:
        await catalog.write(row(number))
    except OutcomeUnknown:
        return "unknown"
    except HoldallError as error:
        return type(error).__name__
    return "done"


async def writers(catalog: SqliteCatalog, journal: Journal, rows: int = ROWS) -> list[Tried]:
    spans = [range(writer * 1000, writer * 1000 + rows) for writer in range(WRITERS)]
    answers = await asyncio.gather(*(write(catalog, journal, span) for span in spans))
    return [answer for span in answers for answer in span]


async def judge(folder: Path, notes: Sequence[object]) -> list[str]:
    """Done rows are there, refused ones are not, the others may be."""
    tried = {note.row: note.outcome for note in notes if isinstance(note, Tried)}
    catalog = SqliteCatalog(folder)
    try:
        problems = await catalog.integrity()
        rows = await catalog.read(lambda reads: reads.all("SELECT id FROM small_payloads"))
    finally:
        await catalog.aclose()
    return problems + list(_differences(tried, {number for (number,) in rows}))


def _differences(tried: dict[int, str | None], found: set[int]) -> Iterable[str]:
    for number, outcome in tried.items():
        if outcome == "done" and number not in found:
            yield f"row {number} was acknowledged and is lost"
        if outcome not in ("done", "unknown", None) and number in found:
            yield f"row {number} was refused ({outcome}) and is there"


async def test_acknowledged_rows_survive_a_power_cut(setting: Setting) -> None:
    catalog = setting.open()
    await writers(catalog, setting.journal)
    await catalog.aclose()
    report = await setting.cut(300)
    assert report.failures == []
    assert report.states > 100


async def test_without_fsync_they_do_not(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a harness that cannot fail proves nothing."""
    connect = SqliteCatalog._connect

    def careless(catalog: SqliteCatalog) -> apsw.Connection:
        connection = connect(catalog)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    monkeypatch.setattr(SqliteCatalog, "_connect", careless)
    catalog = setting.open()
    await writers(catalog, setting.journal)
    await catalog.aclose()
    monkeypatch.undo()
    assert (await setting.cut(300, until=1)).failures


FAULTS: dict[str, Callable[[int], Fault]] = {
    "the log cannot be synced": lambda n: Fault("sync", "-wal", io_error, n),
    "the log cannot be synced for a while": lambda n: Fault("sync", "-wal", io_error, n, 3),
    "the file cannot be synced": lambda n: Fault("sync", "catalog.db", io_error, n),
    "no room in the log": lambda n: Fault("write", "-wal", no_space, 3 * n),
    "no room in the log for a while": lambda n: Fault("write", "-wal", no_space, 3 * n, 12),
    "no room in the file": lambda n: Fault("write", "catalog.db", no_space, 5 * n),
}


@pytest.mark.parametrize("nth", [1, 2, 5, 9])
@pytest.mark.parametrize("what", FAULTS)
async def test_a_failing_disk_loses_nothing_and_brings_nothing_back(
    setting: Setting, what: str, nth: int
) -> None:
    catalog = setting.open()
    setting.faults.arm(fault := FAULTS[what](nth))
    answers = await writers(catalog, setting.journal)
    setting.faults.disarm()
    after = await write(catalog, setting.journal, range(9000, 9003))
    await catalog.aclose()
    assert fault.done, "the fault was never met"
    assert [answer.outcome for answer in after] == ["done"] * 3
    assert {answer.outcome for answer in answers} <= _honest(what)
    assert (await setting.cut(80, seed=nth)).failures == []


def _honest(what: str) -> set[str]:
    if "room" in what:
        return {"done", StorageFull.__name__}
    return {"done", "StoreError", "unknown"}
