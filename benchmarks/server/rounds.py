"""Rounds of one work at several servers, and the typical rate and cost at each."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from benchmarks.measure import medians
from benchmarks.server.client import Client
from benchmarks.server.costs import Cost, typical
from benchmarks.server.lines import Line
from benchmarks.server.processes import cpu_seconds
from benchmarks.server.servers import Running
from benchmarks.table import shown


class Found(NamedTuple):
    """`rate` in the line's unit."""

    rate: float
    cost: Cost


async def measure(
    line: Line, servers: Sequence[Running], client: Client, repeats: int
) -> Mapping[str, Found]:
    """By the names of the servers. It takes minutes, so the rates are told as they are known."""
    turns = {each.side.name: _Turn(line, each, client) for each in servers}
    for turn in turns.values():
        await turn.once()
    rates = await medians({name: turn.take for name, turn in turns.items()}, repeats)
    told = ", ".join(f"{name} {shown(rate)}" for name, rate in rates.items())
    print(f"\n  {line.name} ({line.unit}): {told}", end="", file=sys.stderr, flush=True)
    return {name: Found(rate, typical(turns[name].costs[1:])) for name, rate in rates.items()}


class _Turn:
    """The work at one server. The first time only warms up, and everything is compared."""

    def __init__(self, line: Line, server: Running, client: Client) -> None:
        self.costs = list[Cost]()
        self._line = line
        self._server = server
        self._client = client

    async def once(self) -> None:
        if self._line.once is not None:
            job = self._line.once(self._server.side.share)
            await self._client.run(self._server.address, job)

    async def take(self) -> float:
        job = self._line.job(self._server.side.share)
        if self._line.prepare is not None:
            await self._client.run(self._server.address, self._line.prepare(job))
        before = cpu_seconds(self._server.pid)
        run = await self._client.run(self._server.address, replace(job, check=not self.costs))
        cpu = cpu_seconds(self._server.pid) - before
        self.costs.append(Cost(run.median, run.slow, 1000 * cpu / run.requests))
        return self._line.amount(job) / run.seconds
