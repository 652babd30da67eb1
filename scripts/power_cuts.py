"""Replays thousands of states that a power cut may leave, and prints what became of them.

Records runs of concurrent writers with every write, fsync and rename, makes crash states
that a file system may legally leave, opens each, sweeps, checks, and reads back everything
that had been acknowledged. Exits with 1 when any promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from crash.cuts import power_cuts
from crash.replay import Report

SHOWN = 10


def main() -> int:
    options = _options()
    report = asyncio.run(power_cuts(options.states, seed=options.seed))
    print(_table(report))
    for failure in report.failures[:SHOWN]:
        print(f"seed {failure.seed}, cut {failure.cut}, sample {failure.sample}:")
        print("\n".join(f"    {problem}" for problem in failure.problems[:SHOWN]))
    return 1 if report.failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=5000, help="distinct states to judge")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _table(report: Report) -> str:
    rows = {
        "runs recorded": report.runs,
        "events logged": report.events,
        "writes acknowledged": report.acknowledged,
        "distinct crash states": report.states,
        "states with a broken promise": len(report.failures),
        "seconds": f"{report.seconds:.1f}",
    }
    return "\n".join(f"{name:<30}{value:>10}" for name, value in rows.items())


if __name__ == "__main__":
    sys.exit(main())
