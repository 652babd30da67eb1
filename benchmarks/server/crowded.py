"""A million keys in our bucket beside ten thousand, end to end.

The keys are written by the engine, beside the server that runs on the same directory.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import by_tasks
from benchmarks.scale import Scale
from benchmarks.server import rounds
from benchmarks.server.client import Client, client
from benchmarks.server.costs import Served
from benchmarks.server.jobs import Job, key_of
from benchmarks.server.lines import BUCKET, Line, crowded
from benchmarks.server.servers import HoldallServer, Running, Side, running
from benchmarks.server.works import small
from benchmarks.table import Figure
from holdall.backends.engine import EngineBackend

AT_LEAST = 0.8
LOADED = 100
"""Bytes of each object that is there beforehand."""

LOADERS = 256

MANY, FEW = "many", "few"
SIDES = (Side(MANY, HoldallServer), Side(FEW, HoldallServer))


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    keys = {MANY: scale.keys, FEW: scale.few_keys}
    with running(SIDES, directory) as servers:
        async with client() as asking:
            for each in servers:
                await _fill(each, asking, keys[each.side.name])
            return [await _figure(line, servers, asking, scale) for line in crowded(scale, LOADED)]


async def _fill(server: Running, client: Client, keys: int) -> None:
    await client.run(server.address, Job("create_bucket", BUCKET))
    assert isinstance(server.server, HoldallServer)
    backend = await EngineBackend.at(server.server.store, owner=server.server.user)
    try:
        order = random.Random(keys).sample(range(keys), keys)
        await by_tasks(order, lambda n: backend.put(BUCKET, key_of(n), small(LOADED)), LOADERS)
    finally:
        await backend.aclose()


async def _figure(line: Line, servers: Sequence[Running], client: Client, scale: Scale) -> Figure:
    found = await rounds.measure(line, servers, client, scale.repeats)
    many, few = found[MANY], found[FEW]
    return Served(
        f"{line.name}, with {scale.keys:,} keys",
        line.unit,
        many.rate,
        few.rate,
        f"ours with {scale.few_keys:,} keys",
        at_least=AT_LEAST,
        ours_cost=many.cost,
        peer_cost=few.cost,
    )
