"""One recorded run of the workload, and the judging of its crash states."""

from __future__ import annotations

import asyncio
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from .disk import materialise
from .history import Done
from .journal import Journal
from .replay import Report, replay, states
from .stores import Recording, few_folders
from .verdict import LATER, judge
from .workload import Task, make_buckets, sweep_now_and_then

TASKS = 4
CHANGES = 18


async def record(folder: Path, *, seed: int, fsync: bool = True, changes: int = CHANGES) -> Journal:
    """Tasks at work in one process, a sweeper beside them, from the making of the store on."""
    recording = Recording(folder)
    with recording.installed():
        backend = await recording.open(fsync=fsync)
        try:
            await work(recording, backend, seed=seed, changes=changes)
        finally:
            await backend.aclose()
    return recording.journal


async def work(
    recording: Recording, backend: Any, *, seed: int, changes: int = CHANGES
) -> list[Task]:
    await make_buckets(backend, recording.journal.mark)
    callers = [Task(backend, recording.journal.mark, f"task{n}", seed=seed) for n in range(TASKS)]
    done = asyncio.Event()
    sweeper = asyncio.create_task(sweep_now_and_then(backend, done))
    try:
        await asyncio.gather(*(caller.run(changes) for caller in callers))
    finally:
        done.set()
        await sweeper
    return callers


async def cut(
    journal: Journal,
    *,
    count: int,
    seed: int,
    until: int | None = None,
    later: float = LATER,
) -> Report:
    """Judge about `count` states of a recorded run, `later` seconds after the crash."""
    report = await replay(
        journal.events,
        partial(judge, later=later),
        start=journal.start,
        count=count,
        seed=seed,
        until=until,
    )
    report.acknowledged = sum(isinstance(note, Done) for note in journal.notes())
    return report


async def power_cuts(count: int, *, seed: int, per_run: int = 400) -> Report:
    """Runs and cuts until so many distinct states are judged."""
    report = Report()
    while report.states < count:
        with few_folders(), tempfile.TemporaryDirectory(prefix="holdall-run-") as folder:
            journal = await record(Path(folder), seed=seed)
            report += await cut(journal, count=min(per_run, count), seed=seed)
        seed += 1
    return report


async def cut_twice(folder: Path, *, seed: int, firsts: int, seconds: int) -> Report:
    """States of the opening and sweeping of states."""
    report = Report()
    with few_folders():
        journal = await record(_made(folder / "run"), seed=seed)
        for state in states(
            journal.events, start=journal.start, count=firsts, seed=seed, samples=1
        ):
            notes = journal.notes(state.cut)
            place = folder / f"state{state.cut}"
            materialise(state.tree, place)
            repair = await _repair(place, notes)
            report += await cut(repair, count=seconds, seed=seed, later=2 * LATER)
    return report


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def _repair(folder: Path, notes: list[object]) -> Journal:
    """Record what opening, sweeping and closing write after a crash."""
    recording = Recording(folder)
    for note in notes:
        recording.journal.mark(note)
    recording.journal.start = recording.journal.position()
    with recording.installed():
        backend = await recording.open(later=LATER)
        await backend.sweep()
        await backend.aclose()
    return recording.journal
