"""A million keys beside ten thousand: what a call costs must not follow the number of keys.

Keys lie under ten prefixes and are written in random order. New ones are put last, so that
all else is measured on stores of exactly so many keys.
"""

from __future__ import annotations

import os
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.measure import Side, by_tasks, medians, rate
from benchmarks.scale import Scale
from benchmarks.stores import BUCKET, embedded, get
from benchmarks.table import Figure, Line
from holdall.backends.engine import EngineBackend
from holdall.core.values import Page

PREFIXES = 10
LOADED = os.urandom(100)
LOADERS = 256
PUT = os.urandom(4096)
WITHIN = 1.35
LISTING_MS = 10.0

MANY, FEW = "many", "few"

Stores = Mapping[str, EngineBackend]
Keys = Mapping[str, list[str]]
Times = Mapping[str, float]


async def measure(directory: Path, scale: Scale) -> list[Line]:
    keys = {MANY: _keys(scale.keys, 1), FEW: _keys(scale.few_keys, 2)}
    async with AsyncExitStack() as stack:
        stores: dict[str, EngineBackend] = {}
        for side, names in keys.items():
            stores[side] = await stack.enter_async_context(embedded(directory / side))
            await by_tasks(names, _loader(stores[side]), LOADERS)
        return await _figures(stores, keys, scale)


def _loader(backend: EngineBackend) -> Callable[[str], Awaitable[object]]:
    return lambda key: backend.put(BUCKET, key, LOADED)


def _keys(amount: int, seed: int) -> list[str]:
    """Random, so in no order, and as many under each prefix."""
    source = random.Random(seed)
    return [_key(number, source) for number in range(amount)]


def _key(number: int, source: random.Random) -> str:
    return f"p{number % PREFIXES}/{source.getrandbits(64):016x}"


async def _figures(stores: Stores, keys: Keys, scale: Scale) -> list[Line]:
    repeats = scale.repeats
    get = await _times(_gets(stores, keys, scale.lookups), repeats)
    page = await _times(_pages(stores, keys, scale.pages), repeats)
    root = await _times(_roots(stores, scale.pages), repeats)
    put = await _times(_puts(stores, scale.new_keys), repeats)
    of, beside = f"of {scale.keys:,} keys", f"{scale.few_keys:,} keys"

    def figure(name: str, times: Times) -> Figure:
        name = f"{name} {of}"
        return Figure(name, "ms", times[MANY], times[FEW], beside, at_most=WITHIN)

    limit = f"a limit of {LISTING_MS:g} ms"
    return [
        figure("put of a new key, 4 KiB, 16 tasks,", put),
        figure("get of a random key", get),
        figure("page of 1,000", page),
        figure("delimiter listing of the root", root),
        Figure(f"the same listing {of}", "ms", root[MANY], LISTING_MS, limit, at_most=1),
    ]


async def _times(sides: Mapping[str, Side], repeats: int) -> Times:
    """Milliseconds for each operation, all callers together."""
    return {name: 1000 / found for name, found in (await medians(sides, repeats)).items()}


def _gets(stores: Stores, keys: Keys, amount: int) -> dict[str, Side]:
    def side(name: str) -> Side:
        some = random.Random(3).sample(keys[name], min(amount, len(keys[name])))
        return lambda: rate(len(some), by_tasks(some, lambda key: get(stores[name], key)))

    return {name: side(name) for name in stores}


def _pages(stores: Stores, keys: Keys, amount: int) -> dict[str, Side]:
    def side(name: str) -> Side:
        # Not among the last keys, where a page would be short.
        starts = sorted(random.Random(5).sample(keys[name], amount * 2))[:amount]
        return lambda: rate(amount, _in_turn(starts, lambda key: _page(stores[name], key)))

    return {name: side(name) for name in stores}


async def _page(backend: EngineBackend, after: str) -> Page:
    return await backend.list(BUCKET, after=after, limit=1000)


def _roots(stores: Stores, amount: int) -> dict[str, Side]:
    def side(name: str) -> Side:
        return lambda: rate(amount, _in_turn([name] * amount, lambda _: _root(stores[name])))

    return {name: side(name) for name in stores}


async def _root(backend: EngineBackend) -> Page:
    page = await backend.list(BUCKET, delimiter="/")
    assert len(page.entries) == PREFIXES, page
    return page


def _puts(stores: Stores, amount: int) -> dict[str, Side]:
    fresh = random.Random(7)

    def side(name: str) -> Side:
        def put(key: str) -> Awaitable[object]:
            return stores[name].put(BUCKET, key, PUT)

        def keys() -> list[str]:
            return [
                f"p{fresh.randrange(PREFIXES)}/{fresh.getrandbits(64):x}" for _ in range(amount)
            ]

        return lambda: rate(amount, by_tasks(keys(), put))

    return {name: side(name) for name in stores}


async def _in_turn(items: list[str], call: Callable[[str], Awaitable[object]]) -> None:
    for item in items:
        await call(item)
