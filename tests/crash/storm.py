"""Workers that are killed at random moments, and what they had been told before.

A worker's notes go through a pipe: the parent takes for acknowledged what it has read,
after the worker's death if need be, since a pipe keeps what was written into it.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import select
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from .history import Blobs, Expectation, Note, Ready, packed, unpacked
from .stores import open_store
from .verdict import LATER, examine
from .workload import Task, make_buckets, observe, sweep_now_and_then
from .workload import hasty as early

PROCESSES = 2
TASKS = 4
ENDLESS = 1_000_000
PATIENCE = 30
"""Seconds that a worker has for opening the store."""


@dataclass(slots=True)
class Storm:
    """The same store through many rounds. `problems` says what was broken, by round.

    With `hasty`, workers say that a change is done before they make it.
    """

    folder: Path
    seed: int
    hasty: bool = False
    expected: Expectation = field(default_factory=Expectation)
    rounds: int = 0
    kills: int = 0
    acknowledged: int = 0
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    async def run(self, rounds: int) -> None:
        began = time.monotonic()
        await self._prepare()
        for _ in range(rounds):
            await self._round()
        self.seconds += time.monotonic() - began

    async def _prepare(self) -> None:
        backend = await open_store(self.folder)
        await make_buckets(backend, lambda note: None)
        await backend.aclose()
        self.expected.follow([Ready()])

    async def _round(self) -> None:
        chance = random.Random(f"{self.seed}/{self.rounds}")
        workers = [self._start(process) for process in range(PROCESSES)]
        notes = _kill_at_random(workers, chance)
        self.rounds += 1
        self.kills += len(workers)
        self.acknowledged += sum(type(note).__name__ == "Done" for note in notes)
        self.expected.follow(notes)
        await self._verify()

    def _start(self, process: int) -> tuple[BaseProcess, Connection]:
        ours, theirs = CONTEXT.Pipe(duplex=False)
        states = {task: _rows(self.expected.of(task)[0]) for task in _names(process)}
        worker = CONTEXT.Process(
            target=run_worker,
            args=(str(self.folder), theirs, f"{self.seed}/{self.rounds}", states, self.hasty),
            daemon=True,
        )
        worker.start()
        theirs.close()
        return worker, ours

    async def _verify(self) -> None:
        backend = await open_store(self.folder, later=LATER)
        try:
            problems = await examine(backend, self.expected)
            self.problems += [f"round {self.rounds}: {problem}" for problem in problems]
            for task, places in self.expected.places.items():
                self.expected.settle(task, await observe(backend, places))
            self.expected.parts.clear()
        finally:
            await backend.aclose()


CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["holdall.backends.engine"])
HERE = str(Path(__file__).parents[__name__.count(".")])
if HERE not in sys.path:  # the workers import this module by its name
    sys.path.append(HERE)


def _names(process: int) -> list[str]:
    return [f"process{process}-task{task}" for task in range(TASKS)]


def _rows(blobs: Blobs) -> list[Any]:
    return [[*place, contents] for place, contents in blobs.items()]


def _kill_at_random(
    workers: Sequence[tuple[BaseProcess, Connection]], chance: random.Random
) -> list[Note]:
    """Each dies at a moment of its own, or both at once."""
    first = chance.uniform(0.02, 0.3)
    second = first if chance.random() < 0.5 else first + chance.uniform(0.0, 0.1)
    pipes = {pipe.fileno(): bytearray() for _, pipe in workers}
    _drain_until_alive(pipes)
    began = time.monotonic()
    for (worker, _), moment in zip(workers, (first, second), strict=True):
        _drain(pipes, began + moment)
        worker.kill()
    for worker, _ in workers:
        worker.join()
    for pipe in pipes:
        _read_rest(pipe, pipes[pipe])
    fallen = [worker.exitcode for worker, _ in workers if worker.exitcode != -signal.SIGKILL]
    assert not fallen, f"a worker ended before it was killed: {fallen}"
    for worker, connection in workers:
        connection.close()
        worker.close()
    return [note for text in pipes.values() for note in _parsed(text)]


def _drain_until_alive(pipes: dict[int, bytearray]) -> None:
    """Kills count from the first word of every worker: before it there is nothing to hurt."""
    deadline = time.monotonic() + PATIENCE
    while not all(pipes.values()):
        _drain(pipes, time.monotonic() + 0.002)
        assert time.monotonic() < deadline, "a worker never came up"


def _drain(pipes: dict[int, bytearray], until: float) -> None:
    """A full pipe would hold its worker up."""
    open_pipes = set(pipes)
    while (left := until - time.monotonic()) > 0:
        for pipe in select.select(list(open_pipes), [], [], left)[0]:
            data = os.read(pipe, 1 << 16)
            pipes[pipe] += data
            if not data:
                open_pipes.discard(pipe)


def _read_rest(pipe: int, into: bytearray) -> None:
    while data := os.read(pipe, 1 << 16):
        into += data


def _parsed(text: bytearray) -> Iterable[Note]:
    return [unpacked(json.loads(line)) for line in bytes(text).splitlines()]


def run_worker(
    folder: str, pipe: Connection, seed: str, states: dict[str, list[Any]], hasty: bool
) -> None:
    """In a process of its own: tasks at work for ever, each note one atomic write."""
    descriptor = pipe.fileno()

    def say(note: Note) -> None:
        os.write(descriptor, json.dumps(packed(note)).encode() + b"\n")

    asyncio.run(_work(Path(folder), early(say) if hasty else say, seed, states))


async def _work(folder: Path, say: Any, seed: str, states: dict[str, list[Any]]) -> None:
    backend = await open_store(folder)
    say(Ready())
    number = random.Random(seed).getrandbits(32)
    tasks = [
        Task(backend, say, name, seed=number, blobs=_blobs(rows), large=0.15)
        for name, rows in states.items()
    ]
    await asyncio.gather(
        sweep_now_and_then(backend, asyncio.Event()), *(task.run(ENDLESS) for task in tasks)
    )


def _blobs(rows: list[Any]) -> Blobs:
    return {(bucket, key): tuple(contents) for bucket, key, contents in rows}
