"""What a server takes of the machine, by the kernel's account: itself and its workers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Processor time so far, in user and kernel mode."""
    return sum(_ticks(each) for each in _family(pid)) / _TICKS


def memory(pid: int) -> int:
    """Bytes of memory that are in use, shared ones and mapped files included."""
    return sum(_resident(each) for each in _family(pid))


def _family(pid: int) -> list[int]:
    children = [
        int(child) for task in (PROC / str(pid) / "task").iterdir() for child in _children(task)
    ]
    return [pid, *(each for child in children for each in _family(child))]


def _children(task: Path) -> list[str]:
    try:
        return (task / "children").read_text().split()
    except FileNotFoundError:  # a thread that ended since
        return []


def _ticks(pid: int) -> int:
    # The name, in brackets, may hold spaces; utime and stime are the 14th and 15th fields.
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _resident(pid: int) -> int:
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the kernel does not tell the memory of process {pid}")
