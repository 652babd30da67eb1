"""Our server beside the others: every line of the table, in rounds that alternate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.scale import Scale
from benchmarks.server import rounds
from benchmarks.server.client import client
from benchmarks.server.costs import Served
from benchmarks.server.jobs import Job
from benchmarks.server.lines import BUCKET, LISTED, Line, compared
from benchmarks.server.rounds import Found
from benchmarks.server.servers import MOTO, OURS, SEAWEED, TWO_WORKERS, running
from benchmarks.table import Figure, NotRun

PEERS = (SEAWEED, MOTO, TWO_WORKERS)


async def measure(directory: Path, scale: Scale) -> list[Figure | NotRun]:
    with running((OURS, *PEERS), directory) as servers:
        async with client() as asking:
            for each in servers:
                for bucket in (BUCKET, LISTED):
                    await asking.run(each.address, Job("create_bucket", bucket))
            return [
                row
                for line in compared(scale)
                for row in _rows(line, await rounds.measure(line, servers, asking, scale.repeats))
            ]


def _rows(line: Line, found: Mapping[str, Found]) -> Iterator[Figure | NotRun]:
    ours = found[OURS.name]
    for peer in PEERS:
        if peer.name not in found:
            yield NotRun(line.name, peer.name, "it is not installed")
            continue
        theirs = found[peer.name]
        yield Served(
            line.name,
            line.unit,
            ours.rate,
            theirs.rate,
            peer.name,
            at_least=line.at_least if peer is SEAWEED else None,
            ours_cost=ours.cost,
            peer_cost=theirs.cost,
        )
