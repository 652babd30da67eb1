"""One large blob: our put beside `dd … conv=fdatasync`, our get beside a plain loop of reads.

What is written is removed at the end of each turn, outside the time that counts.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from benchmarks.flow import drain, flowing, made
from benchmarks.measure import Side, medians, rate
from benchmarks.memory import STATUS, growth
from benchmarks.scale import GIB, MIB, Scale
from benchmarks.stores import BUCKET, embedded
from benchmarks.table import Figure, Line, NotRun
from holdall.backends.engine import EngineBackend
from holdall.core.sources import Source

BUFFER = 64 * MIB
AT_LEAST = 0.8
CONSTANT = 1.25
"""How much more memory a blob four times as large may take; none, but for noise."""

FREE = 4
"""Room needed on the disk, in sizes of the blob."""

STREAM, PATH, DD, GET, PLAIN = "stream", "path", "dd", "get", "plain"


async def measure(directory: Path, scale: Scale) -> list[Line]:
    size, name = scale.large, f"of {scale.large // MIB:,} MiB"
    if shutil.disk_usage(directory).free < FREE * size:
        return [NotRun(f"put and get {name}", "dd, reading the file", "too little disk is free")]
    source, buffer = directory / "source", made(BUFFER)
    await asyncio.to_thread(_write, source, buffer, size)
    async with embedded(directory / "ours") as backend:
        puts = await medians(_puts(backend, source, buffer, size), scale.repeats)
        source.unlink()
        await backend.put(BUCKET, "read", flowing(buffer, size))
        gets = await medians(_gets(backend, _payload(directory / "ours"), size), scale.repeats)
    dd, plain = "dd conv=fdatasync", "reading the file"
    return [
        _speed(f"put {name}, streamed", puts[STREAM], puts[DD], dd),
        _speed(f"put {name}, from a path", puts[PATH], puts[DD], dd),
        _speed(f"get {name}, cache warm", gets[GET], gets[PLAIN], plain),
        *await _memory(directory / "memory", size),
    ]


def _speed(name: str, ours: float, peer: float, against: str) -> Figure:
    return Figure(name, "GiB/s", ours, peer, against, at_least=AT_LEAST)


def _write(path: Path, buffer: Sequence[bytes], size: int) -> None:
    with path.open("wb") as file:
        file.writelines(islice(cycle(buffer), size // MIB))


def _puts(
    backend: EngineBackend, source: Path, buffer: Sequence[bytes], size: int
) -> dict[str, Side]:
    copy = source.with_name("copy")

    async def ours(content: Source) -> float:
        found = await rate(size / GIB, backend.put(BUCKET, "written", content))
        await backend.delete_all_revisions(BUCKET, "written")
        await backend.sweep()
        return found

    async def dd() -> float:
        found = await rate(size / GIB, asyncio.to_thread(_dd, source, copy, size))
        await asyncio.to_thread(copy.unlink)
        return found

    return {STREAM: lambda: ours(flowing(buffer, size)), PATH: lambda: ours(source), DD: dd}


def _dd(source: Path, target: Path, size: int) -> None:
    amount = ("bs=1M", f"count={size // MIB}", "conv=fdatasync")
    subprocess.run(
        ["dd", f"if={source}", f"of={target}", *amount], check=True, stderr=subprocess.DEVNULL
    )


def _payload(store: Path) -> Path:
    """The one file that holds the blob's bytes."""
    (found,) = (store / "payloads" / "data").glob("*/*")
    return found


def _gets(backend: EngineBackend, payload: Path, size: int) -> dict[str, Side]:
    async def ours() -> float:
        return await rate(size / GIB, drain(backend, "read"))

    async def plain() -> float:
        return await rate(size / GIB, asyncio.to_thread(_read, payload))

    return {GET: ours, PLAIN: plain}


def _read(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        while os.read(file, MIB):
            pass
    finally:
        os.close(file)


async def _memory(directory: Path, size: int) -> list[Line]:
    """Growth with the whole size beside growth with a quarter of it."""
    lines: list[Line] = []
    quarter = f"{size // 4 // MIB:,} MiB"
    for verb in ("put", "get"):
        name = f"memory that a {verb} of {size // MIB:,} MiB takes"
        if not STATUS.exists():
            lines.append(NotRun(name, quarter, "this system does not tell"))
            continue
        some = await _growth(verb, directory / "quarter", size // 4)
        whole = await _growth(verb, directory / "whole", size)
        lines.append(Figure(name, "MiB", whole, some, quarter, at_most=CONSTANT))
    return lines


async def _growth(verb: str, directory: Path, size: int) -> float:
    directory.parent.mkdir(exist_ok=True)
    return await growth(verb, directory, size)
