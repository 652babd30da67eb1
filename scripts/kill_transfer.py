"""Kills an upload and a download at 30, 60 and 90 %, resumes each, and compares the bytes.

Each way is one transfer, killed three times (SIGKILL) and then finished. Exits with 1 when
bytes differ, or when a part that had arrived was transferred again.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from holdall import connect
from holdall.client.progress import AbstractFileProgress
from holdall.transfer.transfers import Transfers
from tests.transfer.killing import digest_of, fill, kill_at

URI = "blob:box/large"
SHARES = (0.3, 0.6, 0.9)
MIB = 1024 * 1024


class Watching(AbstractFileProgress):
    """Remembers how many bytes were there when a run began."""

    def __init__(self) -> None:
        self.there: int | None = None

    def start(self, data: Any) -> None: ...

    def step(self, data: Any) -> None:
        if self.there is None:
            self.there = data.current

    def complete(self, data: Any) -> None: ...


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=2048)
    size = parser.parse_args().mib * MIB
    with tempfile.TemporaryDirectory(prefix="holdall-kill-transfer-") as folder:
        return asyncio.run(_run(Path(folder), size))


async def _run(folder: Path, size: int) -> int:
    source, target = folder / "source", folder / "target"
    digest = fill(source, size)
    async with connect(folder / "store", owner="ann") as client:
        await client.buckets.create("box")
    await _way(folder, "up", source, size)
    await _way(folder, "down", target, size)
    async with connect(folder / "store", owner="ann") as client:
        problems = list(await client.check(scrub=True))
    same = digest_of(target) == digest
    print(f"bytes equal: {same}; problems in the store: {len(problems)}")
    return 0 if same and not problems else 1


async def _way(folder: Path, way: str, file: Path, size: int) -> None:
    store, journal = folder / "store", folder / "journal"
    for share in SHARES:
        began = time.monotonic()
        enough = int(share * size)
        killed = await asyncio.to_thread(kill_at, store, journal, way, file, URI, enough)
        seconds = time.monotonic() - began
        print(f"{way}: killed at {killed.passed / MIB:.0f} MiB after {seconds:.1f} s", flush=True)
    async with connect(store, owner="ann") as client:
        transfers = Transfers(client, journal)
        [entry] = await transfers.unfinished()
        watching = Watching()
        await transfers.resume(entry.id, watching)
    there = watching.there or 0
    again = (killed.passed - there) / entry.note.part_size
    print(f"{way}: resumed at {there / MIB:.0f} MiB; parts begun and not arrived: {again:.2f}")


if __name__ == "__main__":
    sys.exit(main())
