"""Kills two writing processes at random moments, again and again, on one store.

After each round the store is opened, swept, checked, and every acknowledged write is read
back. Exits with 1 when any promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from crash.storm import Storm

SHOWN = 10
STEP = 25


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="holdall-storm-") as folder:
        storm = Storm(Path(folder) / "store", options.seed)
        asyncio.run(_run(storm, options.rounds))
    print(_table(storm))
    print("\n".join(storm.problems[:SHOWN]))
    return 1 if storm.problems else 0


async def _run(storm: Storm, rounds: int) -> None:
    while storm.rounds < rounds and not storm.problems:
        await storm.run(min(STEP, rounds - storm.rounds))
        print(f"{storm.rounds} rounds, {storm.acknowledged} writes acknowledged", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _table(storm: Storm) -> str:
    rows = {
        "rounds": storm.rounds,
        "processes killed": storm.kills,
        "writes acknowledged": storm.acknowledged,
        "promises broken": len(storm.problems),
        "seconds": f"{storm.seconds:.1f}",
    }
    return "\n".join(f"{name:<30}{value:>10}" for name, value in rows.items())


if __name__ == "__main__":
    sys.exit(main())
