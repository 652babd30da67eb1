"""Uploads and downloads many small files and prints the most memory that this took.

Each way runs in a process of its own. Exits with 1 when one of them needed more than 200 MiB.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from holdall import connect
from holdall.transfer.transfers import Transfers

MOST = 200
"""MiB of resident memory."""
FOLDERS = 100


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--way", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        return asyncio.run(_transfer(*options.way))
    with tempfile.TemporaryDirectory(prefix="holdall-memory-") as folder:
        _lay_out(Path(folder) / "tree", options.files)
        ways = ("upload", "sync-up", "download", "sync-down")
        return max(_measured(way, folder) for way in ways)


def _lay_out(tree: Path, files: int) -> None:
    for number in range(files):
        folder = tree / f"{number % FOLDERS:03}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:06}").write_bytes(f"{number:06}".encode() * 171)


def _measured(way: str, folder: str) -> int:
    return subprocess.run([sys.executable, __file__, "--way", way, folder], check=False).returncode


async def _transfer(way: str, folder: str) -> int:
    root, began = Path(folder), time.monotonic()
    async with connect(root / "store", owner="ann") as client:
        transfers = Transfers(client, root / "journal")
        bucket, target = f"blob:{way.removesuffix('-up')}", root / way
        if way.endswith("up"):
            await client.buckets.create(way.removesuffix("-up"))
        match way:
            case "sync-up":
                await transfers.sync(str(root / "tree"), bucket)
            case "sync-down":
                await transfers.sync("blob:sync", str(target))
            case "download":
                await transfers.buckets.download_dir("blob:sync", target)
            case _:
                await client.buckets.create(way)
                await transfers.buckets.upload_dir(root / "tree", bucket)
    return _told(way, time.monotonic() - began)


def _told(way: str, seconds: float) -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{way:<10} {seconds:8.1f} s {peak:6} MiB", flush=True)
    return int(peak > MOST)


if __name__ == "__main__":
    sys.exit(main())
