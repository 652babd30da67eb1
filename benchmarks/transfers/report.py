"""The table of transfers: every tool does every work on one server, in rounds that alternate."""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.measure import Side, medians
from benchmarks.scale import MIB, Scale
from benchmarks.server.client import client
from benchmarks.server.jobs import Address, Job
from benchmarks.server.servers import OURS, running
from benchmarks.table import Figure, Line, NotRun, shown
from benchmarks.transfers.running import ran
from benchmarks.transfers.tools import (
    BOTO3,
    CLIENT,
    COMMAND,
    RCLONE,
    S5CMD,
    S5CMD_SYNCED,
    TOOLS,
    Command,
    Tool,
    environment,
)
from benchmarks.transfers.work import BUCKET, Stage, Work
from holdall.testing.loopback import Missing

Peaks = dict[str, list[int]]

AGAINST = ((COMMAND, S5CMD), (COMMAND, S5CMD_SYNCED), (COMMAND, RCLONE), (CLIENT, BOTO3))
TARGETS: Mapping[tuple[str, Work], float] = {
    **{(S5CMD.name, work): 1.0 for work in Work},
    (BOTO3.name, Work.FILES_UP): 5.0,
}
"""What the ratio shall be at least."""


async def measure(directory: Path, scale: Scale) -> list[Line]:
    stage = Stage(directory, scale)
    await asyncio.to_thread(stage.lay_out)
    with running((OURS,), directory / "server") as [server]:
        async with client() as asking:
            await asking.run(server.address, Job("create_bucket", BUCKET))
        runs = _Runs(stage, server.address, directory)
        await runs.prepare()
        return [line for work in Work for line in await _measured(work, runs, scale.repeats)]


class _Runs:
    """The tools that there are, and what runs them."""

    def __init__(self, stage: Stage, address: Address, directory: Path) -> None:
        self.stage = stage
        self.missing = dict[str, str]()
        self._environment = environment(address, directory)
        self._commands = {tool: made for tool in TOOLS if (made := self._found(tool, address))}

    def _found(self, tool: Tool, address: Address) -> Command | None:
        try:
            return tool.find(address)
        except Missing as missing:
            self.missing[tool.name] = str(missing)
            return None

    async def prepare(self) -> None:
        """Send what will be fetched."""
        for work in (Work.FILES_UP, Work.LARGE_UP):
            command = self._commands[COMMAND](self.stage.first(work))
            await ran(command, self._environment, tells_time=False)

    def sides(self, work: Work, peaks: Peaks) -> dict[str, Side]:
        return {
            tool.name: partial(self._once, tool, work, peaks)
            for tool in self._commands
            if _does(tool, work)
        }

    async def _once(self, tool: Tool, work: Work, peaks: Peaks) -> float:
        route = self.stage.next(work)
        command = self._commands[tool](route)
        done = await ran(command, self._environment, tells_time=tool.tells_time)
        await asyncio.to_thread(self.stage.verify, route)
        peaks[tool.name].append(done.peak)
        return self.stage.amount(work) / done.seconds


def _does(tool: Tool, work: Work) -> bool:
    """Uploads leave nothing here that could be synced."""
    return tool is not S5CMD_SYNCED or not work.is_up


async def _measured(work: Work, runs: _Runs, repeats: int) -> list[Line]:
    peaks: Peaks = defaultdict(list)
    rates = await medians(runs.sides(work, peaks), repeats)
    told = ", ".join(f"{name} {shown(rate)}" for name, rate in rates.items())
    print(f"\n  {work.value}: {told}", end="", file=sys.stderr, flush=True)
    return list(_lines(work, rates, peaks, runs.missing))


def _lines(
    work: Work, rates: Mapping[str, float], peaks: Peaks, missing: Mapping[str, str]
) -> Iterator[Line]:
    unit = "MiB/s" if work.is_large else "files/s"
    for ours, peer in AGAINST:
        if not _does(peer, work):
            continue
        what = f"{work.value}, {ours.name}"
        if peer.name in missing:
            yield NotRun(what, peer.name, missing[peer.name])
            continue
        target = TARGETS.get((peer.name, work))
        yield Figure(what, unit, rates[ours.name], rates[peer.name], peer.name, at_least=target)
        held = [median(peaks[each.name]) / MIB for each in (ours, peer)]
        yield Figure(f"{what}, memory at its peak", "MiB", held[0], held[1], peer.name)
