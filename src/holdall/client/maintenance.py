"""Looking after a store that is in our own hands: a directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from holdall.core.values import Problem, Sweep


class Maintenance(Protocol):
    """What can be done to a store as a whole."""

    async def check(self, *, scrub: bool = False) -> Sequence[Problem]:
        """What is wrong with the store, nothing when it is sound; `scrub` reads all bytes."""

    async def sweep(self, *, dry_run: bool = False) -> Sweep:
        """Clear up after writers that died, and delete what nothing refers to."""

    async def backup(self, target: Path, *, with_secrets: bool = False) -> int:
        """Copy the live store to a new directory; how many payload files it holds.

        `with_secrets`: with the keys that a server keeps beside it."""
