"""What only the SQLite dialect has to prove: batches, processes, the log, a full disk."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw
import pytest

from holdall.catalog.schema import FORMAT
from holdall.catalog.sqlite import checkpointer
from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.catalog.sqlite.lock import FileLock
from holdall.catalog.sqlite.reserve import SIZE
from holdall.catalog.tables import events
from holdall.catalog.tables.events import Kind
from holdall.catalog.transaction import Reads, Transaction, Unit
from holdall.core.errors import Closed, Corrupt, FormatError, StorageFull
from holdall.testing.catalogs import get, holding, increment, put

DISK = 16 * 1024 * 1024


@pytest.fixture
async def catalog(tmp_path: Path) -> AsyncIterator[SqliteCatalog]:
    catalog = SqliteCatalog(tmp_path)
    await catalog.write(put("a", 0))
    yield catalog
    await catalog.aclose()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "holdall-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small tmpfs needs root and the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def store(id: int, size: int) -> Unit[int]:
    return lambda tx: tx.run(
        "INSERT INTO small_payloads (id, crc32c, bytes) VALUES (?, 0, ?)", (id, os.urandom(size))
    )


def stored(reads: Reads) -> list[int]:
    return [row[0] for row in reads.all("SELECT id FROM small_payloads ORDER BY id")]


async def together(catalog: SqliteCatalog, units: list[Unit[Any]]) -> list[Any]:
    """Commit units in one batch: they wait while another unit is held."""
    with holding() as held:
        first = asyncio.create_task(catalog.write(held))
        await held.begun()
        tasks = [asyncio.create_task(catalog.write(unit)) for unit in units]
        await asyncio.sleep(0)
    await first
    return await asyncio.gather(*tasks, return_exceptions=True)


# batches


async def test_units_that_wait_are_committed_together(catalog: SqliteCatalog) -> None:
    commits: list[int] = []

    def count() -> bool:
        commits.append(1)
        return False

    await catalog.write(lambda tx: tx.connection.set_commit_hook(count))  # type: ignore[attr-defined]
    commits.clear()  # the one that set it
    await together(catalog, [increment] * 16)
    assert len(commits) == 2
    assert await catalog.read(get("a")) == 16


async def test_a_unit_without_room_leaves_its_batch_alone(catalog: SqliteCatalog) -> None:
    def forbid_growth(tx: Any) -> None:
        pages = tx.connection.pragma("page_count")
        tx.connection.pragma("max_page_count", pages + 24)

    await catalog.write(forbid_growth)
    sizes = [100, 100, 1_000_000, 100, 1_000_000, 100]
    outcomes = await together(catalog, [store(id, size) for id, size in enumerate(sizes)])
    assert [type(outcome) for outcome in outcomes] == [
        StorageFull if size > 100 else int for size in sizes
    ]
    assert await catalog.read(stored) == [0, 1, 3, 5]
    assert await catalog.integrity() == []


def logging(*keys: bytes, error: Exception | None = None) -> Unit[None]:
    """A unit that logs each key as an event, and then may fail."""

    def unit(tx: Transaction) -> None:
        for key in keys:
            events.log(tx, tx.tick(), Kind.WRITTEN, 1, "me", key)
        if error is not None:
            raise error

    return unit


async def test_the_events_of_a_batch_are_those_of_its_units(catalog: SqliteCatalog) -> None:
    many = [b"%03d" % number for number in range(150)]  # more than one statement takes
    units = [logging(b"a", b"b"), logging(b"c", error=ValueError()), logging(*many), logging(b"d")]
    outcomes = await together(catalog, units)
    assert [type(outcome) for outcome in outcomes] == [type(None), ValueError, *[type(None)] * 2]
    found = await catalog.read(lambda reads: events.page(reads, 0, 1000))
    assert [event.key for event in found] == [b"a", b"b", *many, b"d"]
    assert [event.seq for event in found] == sorted({event.seq for event in found})


async def test_a_unit_that_failed_before_it_changed_anything_lets_its_batch_be(
    catalog: SqliteCatalog,
) -> None:
    """What it logged is taken back, and the others are not run again for it."""
    runs: list[int] = []
    beside = logging(b"kept")

    def counted(tx: Transaction) -> None:
        runs.append(1)
        beside(tx)

    await together(catalog, [counted, logging(b"lost", error=ValueError())])
    found = await catalog.read(lambda reads: events.page(reads, 0, 1000))
    assert [event.key for event in found] == [b"kept"]
    assert len(runs) == 1


async def test_a_unit_may_run_again_and_counts_once(catalog: SqliteCatalog) -> None:
    await catalog.write(lambda tx: tx.connection.pragma("max_page_count", 60))  # type: ignore[attr-defined]
    await together(catalog, [increment, increment, store(1, 1_000_000), increment])
    assert await catalog.read(get("a")) == 3


# processes

WRITER = """
import asyncio, json, sys
from pathlib import Path
from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.testing.catalogs import increment

def unit(tx):
    increment(tx)
    return tx.tick().seq

async def main():
    catalog = SqliteCatalog(Path(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.readline()
    seqs = []
    for _ in range(150):  # for longer than either may have to wait for the processor
        seqs += await asyncio.gather(*(catalog.write(unit) for _ in range(4)))
    await catalog.aclose()
    print(json.dumps(seqs))

asyncio.run(main())
"""


async def test_processes_take_turns_and_lose_nothing(
    catalog: SqliteCatalog, tmp_path: Path
) -> None:
    seqs = await asyncio.to_thread(_two_writers, tmp_path)
    assert await catalog.read(get("a")) == 1200
    assert len({*seqs[0], *seqs[1]}) == 1200
    # Neither waited until the other was done.
    assert min(seqs[0]) < max(seqs[1])
    assert min(seqs[1]) < max(seqs[0])


def _two_writers(folder: Path) -> list[list[int]]:
    command = [sys.executable, "-c", WRITER, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen(command, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    return [json.loads(writer.communicate(timeout=60)[0]) for writer in writers]


async def test_catalogs_that_open_a_fresh_folder_at_once(tmp_path: Path) -> None:
    opening = (asyncio.to_thread(SqliteCatalog, tmp_path) for _ in range(6))
    catalogs = await asyncio.gather(*opening)
    await catalogs[0].write(put("a", 0))
    await asyncio.gather(*(catalog.write(increment) for catalog in catalogs))
    assert await catalogs[-1].read(get("a")) == 6
    for catalog in catalogs:
        await catalog.aclose()


def test_the_lock_holds_between_threads_and_descriptors(tmp_path: Path) -> None:
    lock, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    inside, most = [0], [0]

    def use(lock: FileLock) -> None:
        for _ in range(200):
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                os.sched_yield()
                inside[0] -= 1

    threads = [threading.Thread(target=use, args=(each,)) for each in (lock, lock, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    lock.close()
    other.close()


async def test_upkeep_waits_for_the_writer(catalog: SqliteCatalog) -> None:
    with holding() as held:
        writing = asyncio.create_task(catalog.write(held))
        await held.begun()
        upkeep = asyncio.create_task(catalog.maintain())
        await asyncio.wait([upkeep], timeout=0.2)
        assert not upkeep.done()
    await asyncio.gather(writing, upkeep)


# opening


def fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def test_a_newer_format_is_refused(catalog: SqliteCatalog, tmp_path: Path) -> None:
    await catalog.write(lambda tx: tx.run("UPDATE store SET format = ?", (FORMAT + 1,)))
    await catalog.aclose()
    before = fingerprint(tmp_path / "catalog.db")
    with pytest.raises(FormatError, match="upgrade") as caught:
        SqliteCatalog(tmp_path)
    assert (caught.value.expected, caught.value.actual) == (FORMAT, FORMAT + 1)
    assert fingerprint(tmp_path / "catalog.db") == before


def test_a_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    foreign = apsw.Connection(str(path))
    foreign.execute("CREATE TABLE store (colour TEXT)")
    foreign.close()
    before = fingerprint(path)
    with pytest.raises(FormatError, match="not a Holdall catalog"):
        SqliteCatalog(tmp_path)
    assert fingerprint(path) == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    path.write_text("Dear diary, " * 1000)
    before = fingerprint(path)
    with pytest.raises((FormatError, Corrupt)):
        SqliteCatalog(tmp_path)
    assert fingerprint(path) == before


# the log


async def test_the_log_stays_short_while_writers_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpointer, "SOFT", 100)
    monkeypatch.setattr(checkpointer, "HARD", 400)
    catalog = SqliteCatalog(tmp_path)
    log = tmp_path / "catalog.db-wal"
    longest = 0
    for round in range(150):
        ids = range(round * 16, round * 16 + 16)
        await asyncio.gather(*(catalog.write(store(id, 4096)) for id in ids))
        longest = max(longest, log.stat().st_size // 4096)
    await catalog.aclose()
    assert longest < 800  # 150 rounds write more than 5,000


# a full disk


async def test_an_essential_unit_works_on_a_full_disk(small_disk: Path) -> None:
    catalog = SqliteCatalog(small_disk)
    await catalog.write(store(0, 1_000_000))
    await catalog.write(put("a", 0))
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    for _ in range(3):
        with pytest.raises(StorageFull):
            while True:  # the log may have some room of its own
                await catalog.write(increment)
    delete: Unit[int] = lambda tx: tx.run("DELETE FROM small_payloads")  # noqa: E731
    assert (small_disk / "reserve").stat().st_size == SIZE
    await catalog.write(delete, essential=True)
    assert (small_disk / "reserve").stat().st_size == 0
    assert await catalog.read(stored) == []
    filler.write_bytes(bytes(filler.stat().st_size + SIZE // 2))
    with pytest.raises(StorageFull):  # or it would eat up what the next deletion needs
        await catalog.write(increment)
    await catalog.write(delete, essential=True)
    filler.unlink()
    await catalog.write(increment)
    assert (small_disk / "reserve").stat().st_size == SIZE
    await catalog.write(store(2, 1_000_000))
    assert await catalog.read(stored) == [2]
    await catalog.aclose()


async def test_closing_while_others_submit_leaves_nobody_waiting(tmp_path: Path) -> None:
    catalog = SqliteCatalog(tmp_path)

    async def write_until_closed() -> None:
        with pytest.raises(Closed):
            while True:
                await catalog.write(lambda tx: None)

    tasks = [asyncio.create_task(write_until_closed()) for _ in range(4)]
    await catalog.write(lambda tx: None)
    await catalog.aclose()
    await asyncio.wait_for(asyncio.gather(*tasks), 60)
