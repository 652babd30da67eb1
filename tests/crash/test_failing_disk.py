"""Errors of the disk met at each step of the engine's writes: said clearly, nothing lost.

What the callers were told is then held against the power cuts of the same run: a write
that was refused must never come back.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import OutcomeUnknown, StorageFull, StoreError

from . import cuts
from .faults import FOR_EVER, SPACE, Fault, Faults, io_error, no_space
from .history import KEPT, Expectation
from .stores import Recording, few_folders
from .verdict import LATER, examine
from .workload import make_buckets

pytestmark = pytest.mark.timeout(300)

BROKEN: dict[str, Callable[[int], Fault]] = {
    "log sync": lambda n: Fault("sync", "-wal", io_error, 5 * n),
    "log syncs": lambda n: Fault("sync", "-wal", io_error, 5 * n, 3),
    "catalog sync": lambda n: Fault("sync", "catalog.db", io_error, 3 * n),
    "payload sync": lambda n: Fault("sync", "staging/", io_error, n, 2),
    "folder sync": lambda n: Fault("folder", "data/", io_error, n, 2),
    "payload write": lambda n: Fault("write", "staging/", io_error, n, 2),
    "payload name": lambda n: Fault("link rename", "data/", io_error, n, 2),
    "payload deletion": lambda n: Fault("unlink", "data/", io_error, n, 2),
    "staging deletion": lambda n: Fault("unlink", "staging/", io_error, n, 2),
}
FULL: dict[str, Callable[[int], Fault]] = {
    "log": lambda n: Fault("write", "-wal", no_space, 20 * n, 30),
    "catalog": lambda n: Fault("write", "catalog.db", no_space, 10 * n, 20),
    "payloads": lambda n: Fault(SPACE, "payloads", no_space, 5 * n, 10),
    "everything": lambda n: Fault(SPACE, "", no_space, 30 * n, 40),
}


async def endure(folder: Path, fault: Fault, *, seed: int) -> tuple[set[type], list[str]]:
    """Run the workload into the fault, go on after it, look at it live and after cuts."""
    recording = Recording(folder)
    journal = recording.journal
    with few_folders(), recording.installed():
        backend = await recording.open()
        await make_buckets(backend, journal.mark)
        recording.faults.arm(fault)
        callers = await cuts.work(recording, backend, seed=seed, changes=14)
        recording.faults.disarm()
        assert fault.done, "the fault was never met"
        wait_for_leases(backend)
        problems = await examine(backend, Expectation().follow(journal.notes()))
        await backend.aclose()
    with few_folders():
        report = await cuts.cut(journal, count=60, seed=seed, later=2 * LATER)
    errors = {type(error) for caller in callers for error in caller.refused}
    return errors, problems + [str(failure) for failure in report.failures]


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("what", BROKEN)
async def test_an_error_of_the_disk(tmp_path: Path, what: str, nth: int) -> None:
    errors, problems = await endure(tmp_path, BROKEN[what](nth), seed=nth)
    assert problems == []
    assert errors <= {StoreError, OutcomeUnknown}


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("what", FULL)
async def test_a_full_disk_for_a_while(tmp_path: Path, what: str, nth: int) -> None:
    errors, problems = await endure(tmp_path, FULL[what](nth), seed=nth)
    assert problems == []
    assert errors <= {StorageFull}


@pytest.mark.parametrize("size", [2_000, 100_000])
async def test_a_disk_that_is_full_from_any_step_on(tmp_path: Path, size: int) -> None:
    """Each step of a put is refused in turn: the error says so, old data is served, and
    the same put works once there is room."""
    recording = Recording(tmp_path)
    with few_folders(), recording.installed():
        backend = await recording.open()
        await make_buckets(backend, recording.journal.mark)
        await backend.put(KEPT, "old", b"old")
        step = 1
        while await refused(backend, recording.faults, step, size):
            revision = await backend.put(KEPT, "new", bytes([step]) * size)
            assert revision.number == step - 1  # nothing of the refused put was kept
            assert await read(backend, "new") == bytes([step]) * size
            step += 1
        wait_for_leases(backend)
        await backend.sweep()
        assert await backend.check(scrub=True) == []
        await backend.aclose()
    assert step > 3


async def refused(backend: EngineBackend, faults: Faults, step: int, size: int) -> bool:
    """Put on a disk that is full from `step` on; False when the put has fewer steps."""
    faults.arm(Fault(SPACE, "", no_space, step, FOR_EVER))
    try:
        await backend.put(KEPT, "new", b"x" * size)
    except StorageFull:
        return True
    else:
        return False
    finally:
        assert await read(backend, "old") == b"old"
        faults.disarm()


async def read(backend: EngineBackend, key: str) -> bytes:
    async with await backend.open(KEPT, key) as reading:
        return await reading.read()


def wait_for_leases(backend: EngineBackend) -> None:
    """Set the store's clock to when every lease has run out."""
    now = backend.engine.now
    backend.engine.now = lambda: now() + LATER * 1_000_000
