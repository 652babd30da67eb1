"""How far the peak of a fresh process's memory rises while it puts or gets a large blob.

Run as a program it is that process: `python -m benchmarks.memory put DIRECTORY BYTES`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from benchmarks.flow import drain, flowing, made
from benchmarks.scale import MIB
from benchmarks.stores import BUCKET, embedded

KEY = "memory"
STATUS = Path("/proc/self/status")


async def growth(verb: str, directory: Path, size: int) -> float:
    """MiB by which the peak rose. `put` leaves the blob there, for `get`."""
    arguments = ("-m", "benchmarks.memory", verb, str(directory), str(size))
    child = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"{arguments} ended with {child.returncode}")
    return float(output)


def _peak() -> float:
    """MiB. Not `ru_maxrss`, in which a process inherits the size of the one that started it."""
    for line in STATUS.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"{STATUS} does not tell the peak")


async def _run(verb: str, directory: Path, size: int) -> float:
    buffer = made(8 * MIB)
    async with embedded(directory) as backend:
        before = _peak()
        if verb == "put":
            await backend.put(BUCKET, KEY, flowing(buffer, size))
        else:
            await drain(backend, KEY)
        return _peak() - before


if __name__ == "__main__":
    print(asyncio.run(_run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
