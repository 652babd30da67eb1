"""Blobs of 4 KiB: our durable puts and verified gets beside obstore's files and GridFS.

obstore writes a file for each blob and does not sync it; its gets check nothing.
"""

from __future__ import annotations

import os
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from itertools import count
from pathlib import Path

import obstore
from obstore.store import LocalStore

from benchmarks.measure import TASKS, Side, by_tasks, by_threads, medians, rate
from benchmarks.mongo import GridFS, gridfs
from benchmarks.scale import Scale
from benchmarks.stores import BUCKET, embedded, get
from benchmarks.table import Figure, Line, NotRun
from holdall.backends.engine import EngineBackend

SIZE = 4096
PUTS_AT_LEAST, GETS_AT_LEAST = 2.0, 5.0

OURS = "ours"
ASYNC = f"obstore, {TASKS} tasks"
THREADS = f"obstore, {TASKS} threads"
ALONE = "obstore, 1 thread"
GRIDFS = f"GridFS, {TASKS} tasks"


async def measure(directory: Path, scale: Scale) -> list[Line]:
    store = LocalStore(directory / "obstore", mkdir=True)
    async with embedded(directory / "ours") as backend, gridfs() as mongo:
        puts = await medians(_puts(backend, store, mongo, scale.small), scale.repeats)
        await _fill(backend, store, mongo, _names(scale))
        gets = await medians(_gets(backend, store, mongo, _names(scale)), scale.repeats)
    return [*_figures("durable put", puts, PUTS_AT_LEAST), *_figures("get", gets, GETS_AT_LEAST)]


def _figures(verb: str, rates: Mapping[str, float], at_least: float) -> Iterator[Line]:
    name = f"{verb} of 4 KiB, {TASKS} tasks"
    for peer, found in rates.items():
        if peer != OURS:
            target = at_least if peer == ASYNC else None
            yield Figure(name, "/s", rates[OURS], found, peer, at_least=target)
    if GRIDFS not in rates:
        yield NotRun(name, GRIDFS, "no MongoDB here")


def _puts(
    backend: EngineBackend, store: LocalStore, mongo: GridFS | None, amount: int
) -> dict[str, Side]:
    data = os.urandom(SIZE)
    fresh = _fresh_names(amount)
    sides = {
        OURS: _tasks(fresh, lambda key: backend.put(BUCKET, key, data)),
        ASYNC: _tasks(fresh, lambda key: obstore.put_async(store, key, data)),
        THREADS: _threads(fresh, lambda key: obstore.put(store, key, data), TASKS),
        ALONE: _threads(fresh, lambda key: obstore.put(store, key, data), 1),
    }
    return (
        sides if mongo is None else {**sides, GRIDFS: _tasks(fresh, lambda k: mongo.put(k, data))}
    )


def _gets(
    backend: EngineBackend, store: LocalStore, mongo: GridFS | None, names: list[str]
) -> dict[str, Side]:
    async def fetch(key: str) -> None:
        await (await obstore.get_async(store, key)).bytes_async()

    def shuffled() -> list[str]:
        return random.Random(4).sample(names, len(names))

    sides = {
        OURS: _tasks(shuffled, lambda key: get(backend, key)),
        ASYNC: _tasks(shuffled, fetch),
        THREADS: _threads(shuffled, lambda key: obstore.get(store, key).bytes(), TASKS),
        ALONE: _threads(shuffled, lambda key: obstore.get(store, key).bytes(), 1),
    }
    if mongo is not None:
        sides[GRIDFS] = _tasks(shuffled, mongo.get)
    return sides


async def _fill(
    backend: EngineBackend, store: LocalStore, mongo: GridFS | None, names: list[str]
) -> None:
    async def put(key: str) -> None:
        data = os.urandom(SIZE)
        await backend.put(BUCKET, key, data)
        await obstore.put_async(store, key, data)
        if mongo is not None:
            await mongo.put(key, data)

    await by_tasks(names, put)


def _names(scale: Scale) -> list[str]:
    return [f"read/{number:06}" for number in range(scale.small)]


def _fresh_names(amount: int) -> Callable[[], list[str]]:
    """Every turn writes keys that were never written before."""
    turns = count()

    def fresh() -> list[str]:
        turn = next(turns)
        return [f"written/{turn}/{number:06}" for number in range(amount)]

    return fresh


def _tasks(names: Callable[[], list[str]], call: Callable[[str], Awaitable[object]]) -> Side:
    async def side() -> float:
        keys = names()
        return await rate(len(keys), by_tasks(keys, call))

    return side


def _threads(names: Callable[[], list[str]], call: Callable[[str], object], count: int) -> Side:
    async def side() -> float:
        keys = names()
        return await rate(len(keys), by_threads(keys, call, count))

    return side
