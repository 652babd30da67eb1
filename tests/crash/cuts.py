"""One recorded run of the workload, and the judging of its crash states."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from .journal import Journal
from .replay import Report, replay
from .stores import Recording
from .verdict import judge
from .workload import Task, make_buckets, sweep_now_and_then

TASKS = 4
CHANGES = 18


async def record(folder: Path, *, seed: int, tasks: int = TASKS, changes: int = CHANGES) -> Journal:
    """Tasks at work in one process, a sweeper beside them, from the making of the store on."""
    recording = Recording(folder)
    with recording.installed():
        backend = recording.open()
        try:
            await work(recording, backend, seed=seed, tasks=tasks, changes=changes)
        finally:
            await backend.aclose()
    return recording.journal


async def work(
    recording: Recording, backend: Any, *, seed: int, tasks: int = TASKS, changes: int = CHANGES
) -> list[Task]:
    await make_buckets(backend, recording.journal.mark)
    callers = [
        Task(backend, recording.journal.mark, f"task{n}", seed=seed) for n in range(tasks)
    ]
    done = asyncio.Event()
    sweeper = asyncio.create_task(sweep_now_and_then(backend, done))
    try:
        await asyncio.gather(*(caller.run(changes) for caller in callers))
    finally:
        done.set()
        await sweeper
    return callers


async def cut(
    journal: Journal, *, count: int, seed: int, until: int | None = None
) -> Report:
    return await replay(
        journal.events, judge, start=journal.start, count=count, seed=seed, until=until
    )


async def power_cuts(states: int, *, seed: int, per_run: int = 400) -> Report:
    """Runs and cuts until so many distinct states are judged."""
    report = Report()
    while report.states < states:
        with tempfile.TemporaryDirectory(prefix="holdall-run-") as folder:
            journal = await record(Path(folder), seed=seed)
            report += await cut(journal, count=min(per_run, states), seed=seed)
        seed += 1
    return report
