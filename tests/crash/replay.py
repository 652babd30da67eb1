"""Draws cuts from a log, makes crash states of them and has each one judged."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .disk import Chances, Disk, Tree, materialise
from .journal import Event, Mark, Synced, Written

Judge = Callable[[Path, Sequence[object]], Awaitable[list[str]]]
"""Opens the folder, is told what the workload had said by then; gives what is wrong."""

SCRAP = 1 << 20
AROUND = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """A state that broke a promise: enough to draw it again."""

    seed: int
    cut: int
    sample: int
    problems: tuple[str, ...]


@dataclass(slots=True)
class Report:
    states: int = 0
    runs: int = 0
    events: int = 0
    acknowledged: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)

    def __iadd__(self, other: Report) -> Report:
        self.states += other.states
        self.runs += other.runs
        self.events += other.events
        self.acknowledged += other.acknowledged
        self.seconds += other.seconds
        self.failures += other.failures
        return self


@dataclass(frozen=True, slots=True)
class State:
    """One crash state: where the log was cut, and what the disk holds then."""

    cut: int
    sample: int
    tree: Tree


def states(
    events: Sequence[Event], *, start: int, count: int, seed: int, samples: int = 4
) -> Iterator[State]:
    """Distinct states, about `count` of them, from cuts over the whole log after `start`."""
    chances = Chances(seed, scrap_of(events))
    disk, seen, position = Disk(), set[tuple[int, int]](), 0
    for cut in _cuts(events, start, -(-count // samples), random.Random(seed)):
        while position < cut:
            disk.follow(events[position])
            position += 1
        promised = _promises(events, cut)
        for sample in range(samples):
            tree = disk.crash(chances.draw(cut))
            name = (hash(frozenset(tree.items())), promised)
            if name not in seen:
                seen.add(name)
                yield State(cut, sample, tree)


def _cuts(events: Sequence[Event], start: int, count: int, chance: random.Random) -> list[int]:
    """Half anywhere, half close to an fsync or a promise, where faults hide."""
    close = [i for i in range(start, len(events)) if isinstance(events[i], (Synced, Mark))]
    anywhere = [chance.randint(start, len(events)) for _ in range(count - count // 2)]
    near = [chance.choice(close) + chance.randint(-AROUND, AROUND) for _ in range(count // 2)]
    return sorted(min(max(cut, start), len(events)) for cut in anywhere + near)


def _promises(events: Sequence[Event], cut: int) -> int:
    """Where the last mark before the cut stands: what may be expected depends on it."""
    return next((i for i in range(cut - 1, -1, -1) if isinstance(events[i], Mark)), -1)


def scrap_of(events: Sequence[Event]) -> bytes:
    """Bytes that some file held once, to fill holes with."""
    written = (event.data for event in events if isinstance(event, Written))
    scrap = bytearray()
    for data in written:
        scrap += data[:8192]
        if len(scrap) >= SCRAP:
            break
    return bytes(scrap)


async def replay(
    events: Sequence[Event],
    judge: Judge,
    *,
    start: int,
    count: int,
    seed: int,
    samples: int = 4,
    until: int | None = None,
) -> Report:
    """Judge `count` states; stop early after `until` failures."""
    report, began = Report(runs=1, events=len(events) - start), time.monotonic()
    with tempfile.TemporaryDirectory(dir=_fast_folder(), prefix="holdall-crash-") as scratch:
        for state in states(events, start=start, count=count, seed=seed, samples=samples):
            problems = await _judge(Path(scratch) / "store", state, events, judge)
            report.states += 1
            if problems:
                report.failures.append(Failure(seed, state.cut, state.sample, tuple(problems)))
                if until is not None and len(report.failures) >= until:
                    break
    report.seconds = time.monotonic() - began
    return report


async def _judge(folder: Path, state: State, events: Sequence[Event], judge: Judge) -> list[str]:
    materialise(state.tree, folder)
    notes = [event.note for event in events[: state.cut] if isinstance(event, Mark)]
    try:
        return await judge(folder, notes)
    except Exception as error:  # a store that does not open is a finding, not a crash of ours
        return [f"{type(error).__name__}: {error}"]
    finally:
        shutil.rmtree(folder)


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
