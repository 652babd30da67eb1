"""`python -m benchmarks`: measure, and print a table of ratios. No figure is asserted."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import large, million, small
from benchmarks.machine import facts
from benchmarks.scale import FULL, QUICK, Scale
from benchmarks.server import report as server
from benchmarks.table import Line, heading, rows
from benchmarks.transfers import report as transfers

Measurement = Callable[[Path, Scale], Awaitable[list[Line]]]

MEASUREMENTS: dict[str, Measurement] = {
    "small": small.measure,
    "large": large.measure,
    "million": million.measure,
    "server": server.measure,
    "transfers": transfers.measure,
}


def main() -> None:
    given = _arguments()
    scale = QUICK if given.quick else FULL
    scale = replace(scale, keys=given.keys or scale.keys)
    for line in facts(given.dir):
        print(f"- {line}")
    print(f"\n{heading()}", flush=True)
    for name in given.only or MEASUREMENTS:
        print(rows(_run(name, given.dir, scale)), flush=True)


def _run(name: str, directory: Path, scale: Scale) -> list[Line]:
    start = time.perf_counter()
    print(f"{name} …", end=" ", file=sys.stderr, flush=True)
    with TemporaryDirectory(prefix="holdall-bench-", dir=directory) as made:
        lines = asyncio.run(_awaited(MEASUREMENTS[name](Path(made), scale)))
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)
    return lines


async def _awaited(measurement: Awaitable[list[Line]]) -> list[Line]:
    return await measurement


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=MEASUREMENTS, help="not all; may be repeated"
    )
    parser.add_argument("--quick", action="store_true", help="less of everything: does it work?")
    parser.add_argument("--keys", type=int, help="how many keys beside ten thousand")
    parser.add_argument(
        "--dir", type=Path, default=Path("/var/tmp"), help="on the disk to measure (%(default)s)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
