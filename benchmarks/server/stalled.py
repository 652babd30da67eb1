"""A reader of a large object who stops reading: the memory that the server holds for it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks.flow import flowing, made
from benchmarks.scale import MIB, Scale
from benchmarks.server.client import client
from benchmarks.server.jobs import LARGE, Job
from benchmarks.server.lines import BUCKET
from benchmarks.server.processes import memory
from benchmarks.server.requests import Signer
from benchmarks.server.servers import OURS, HoldallServer, Running, running
from benchmarks.table import Figure
from holdall.backends.engine import EngineBackend

LIMIT_MIB = 64
SECONDS = 5
"""For which nothing is read, and memory is looked at."""

LOOK = 0.05
"""Seconds between two looks."""


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    with running([OURS], directory) as (server,):
        await _fill(server, scale.large)
        before = memory(server.pid)
        peak = await _stall(server)
    name = f"memory added by a stalled reader of {scale.large // MIB:,} MiB"
    added = (peak - before) / MIB
    return [Figure(name, "MiB", added, LIMIT_MIB, f"a limit of {LIMIT_MIB} MiB", at_most=1)]


async def _fill(server: Running, size: int) -> None:
    """Written by the engine, beside the server: the server's own memory stays as it began."""
    async with client() as asking:
        await asking.run(server.address, Job("create_bucket", BUCKET))
    assert isinstance(server.server, HoldallServer)
    backend = await EngineBackend.at(server.server.store, owner=server.server.user)
    try:
        await backend.put(BUCKET, LARGE, flowing(made(8 * MIB), size))
    finally:
        await backend.aclose()


async def _stall(server: Running) -> int:
    """The most memory that the server had, from the answer's first bytes on."""
    request = Signer(server.address, BUCKET).request("GET", LARGE)
    reader, writer = await asyncio.open_connection(server.address.host, server.address.port)
    try:
        writer.write(request.head)
        status = await reader.readline()
        if b" 200 " not in status:
            raise RuntimeError(f"the reader was refused: {status!r}")
        return await _peak(server.pid)
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)  # it is closed in the loop's next turn
        await asyncio.sleep(0)


async def _peak(pid: int) -> int:
    found = list[int]()
    for _ in range(int(SECONDS / LOOK)):
        await asyncio.sleep(LOOK)
        found.append(memory(pid))
    return max(found)
