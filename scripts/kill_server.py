"""Kills `holdall serve` at random moments under several clients, again and again.

After each round the server is started anew, every acknowledged write is read back, and the
store is swept and checked. Exits with 1 when any promise was broken.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "server"))

from storms.server_storm import ServerStorm

SHOWN = 10
STEP = 10


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="holdall-storm-", dir=options.folder) as folder:
        storm = ServerStorm(Path(folder) / "store", options.seed)
        while storm.rounds < options.rounds and not storm.problems:
            storm.run(min(STEP, options.rounds - storm.rounds))
            print(f"{storm.rounds} rounds, {storm.acknowledged} acknowledged", flush=True)
    print("\n".join(storm.problems[:SHOWN]), file=sys.stderr)
    print(_summary(storm))
    return 1 if storm.problems else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="where the store is made, and removed again")
    return parser.parse_args()


def _summary(storm: ServerStorm) -> str:
    return (
        f"{storm.rounds} rounds, {storm.kills} kills, {storm.acknowledged} changes acknowledged,"
        f" {len(storm.problems)} promises broken, {storm.seconds:.0f} seconds"
    )


if __name__ == "__main__":
    sys.exit(main())
