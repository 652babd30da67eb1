"""What `holdall serve` takes of memory: large uploads, readers that stall, readers that are slow.

Exits with 1 when it took more than is promised.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "server"))

from storms import memory
from storms.memory import MIB, upload
from storms.served import Served

GIB = 1024 * MIB
PART = 64 * MIB
PATIENCE = 90
"""Seconds in which a body that hardly comes must be given up."""

Measure = Callable[[Served], float | None]
Job = tuple[str, int, str, Measure]
"""What is done, what it may take, in what, and what does it."""
Row = tuple[str, float | None, int]


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="holdall-memory-", dir=options.folder) as folder:
        store = Path(folder) / "store"
        rows = [_measured(store, *job) for job in _jobs(options)]
    broken = [name for name, taken, most in rows if taken is None or taken > most]
    print(f"{len(broken)} of {len(rows)} promises broken {', '.join(broken)}".rstrip())
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=int, default=5, help="what is uploaded")
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=15, help="for which readers dawdle")
    parser.add_argument("--folder", help="where the store is made, and removed again")
    return parser.parse_args()


def _jobs(options: argparse.Namespace) -> list[Job]:
    many, seconds = options.readers, options.seconds
    return [
        ("1 GiB in parts", 128, "MiB", lambda served: upload(served, "one", GIB, PART)),
        (
            f"{options.gib} GiB in parts",
            128,
            "MiB",
            lambda served: upload(served, "big", options.gib * GIB, PART),
        ),
        ("1 reader", 64, "MiB", lambda served: memory.download(served, "one")),
        ("1 stalled reader", 64, "MiB", lambda served: memory.stalled(served, "one", 1, 3)),
        (
            f"{many} slow readers",
            512,
            "MiB",
            lambda served: memory.slow(served, "one", many, seconds),
        ),
        (
            f"{many} stalled readers",
            512,
            "MiB",
            lambda served: memory.stalled(served, "one", many, seconds),
        ),
        (
            "a body of a byte a second",
            PATIENCE,
            "s",
            lambda served: memory.dripping(served, PATIENCE),
        ),
    ]


def _measured(store: Path, name: str, most: int, unit: str, measure: Measure) -> Row:
    """In a server of its own, which has not grown yet."""
    served = Served(store)
    try:
        upload(served, "warm", 6 * MIB, 6 * MIB)
        taken = measure(served)
    finally:
        served.kill()
    if taken is not None and unit == "MiB":
        taken /= MIB
    shown = "never" if taken is None else f"{taken:.0f} {unit}"
    print(f"{name:<30}{shown:>10}   at most {most} {unit}", flush=True)
    return name, taken, most


if __name__ == "__main__":
    sys.exit(main())
