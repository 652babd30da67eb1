"""One run of a tool: its seconds, and the most memory that it and its children held."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Final, NamedTuple

from benchmarks.server.processes import memory

LOOK: Final = 0.05
"""Seconds between two looks at the memory."""


class Ran(NamedTuple):
    """`peak` in bytes."""

    seconds: float
    peak: int


async def ran(command: Sequence[str], environment: Mapping[str, str], *, tells_time: bool) -> Ran:
    """Run a command to its end. RuntimeError, with its last words, when it fails."""
    start = perf_counter()
    child = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    looking = asyncio.create_task(_peak(child.pid))
    said, failed = await child.communicate()
    seconds = perf_counter() - start
    looking.cancel()
    if child.returncode:
        raise RuntimeError(f"{command[:4]} ended with {child.returncode}: {failed[-1000:]!r}")
    return Ran(float(said.split()[-1]) if tells_time else seconds, await looking)


async def _peak(pid: int) -> int:
    """The most of all looks, until it is cancelled."""
    peak = 0
    try:
        while True:
            peak = max(peak, _held(pid))
            await asyncio.sleep(LOOK)
    except asyncio.CancelledError:
        return peak


def _held(pid: int) -> int:
    try:
        return memory(pid)
    except (FileNotFoundError, ProcessLookupError, RuntimeError):  # it has ended
        return 0
