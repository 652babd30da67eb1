"""Looking after a store that is in our own hands: a directory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Protocol


class Maintenance(Protocol):
    """What can be done to a store and not to a bucket in it."""

    async def check(self, *, scrub: bool = False) -> Sequence[Any]:
        """Compare the catalog with the payloads; every problem found, empty when sound.

        `scrub` also reads every byte and compares it with its checksum.
        """

    async def sweep(self) -> Any:
        """Delete what deleted blobs and dead writers left behind."""

    async def backup(self, path: str | os.PathLike[str]) -> Any:
        """Copy the live store to a directory that is missing or empty."""
