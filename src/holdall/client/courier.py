"""Who carries single files: within which limits, and what becomes of large ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from holdall.backends.protocol import RevisionRef
from holdall.client.landing import Claims
from holdall.client.place import Place
from holdall.client.reporting import Reporter
from holdall.client.scheduling import Scheduler
from holdall.client.stamps import Stamp


class Large(Protocol):
    """Carries files that are worth taking up again after an interruption."""

    def sends(self, size: int, place: Place) -> bool:
        """Whether a file of so many bytes is one of them on its way to this place."""

    def fetches(self, size: int) -> bool:
        """Whether a blob of so many bytes is one of them on its way to a file."""

    async def send(self, path: Path, stamp: Stamp, place: Place, report: Reporter) -> None:
        """Store a local file; `Conflict` when it is not what `stamp` says any more."""

    async def fetch(
        self,
        place: Place,
        revision: RevisionRef,
        target: Path,
        claims: Claims,
        report: Reporter,
        *,
        follows: bool,
    ) -> None:
        """Write a blob to a local file, which is replaced whole or stays as it was. `follows`:
        the current revision is wanted, even where `revision` says which one that was."""


@dataclass(frozen=True, slots=True)
class Courier:
    """Without `large` every file travels in one piece, and an interruption leaves nothing."""

    scheduler: Scheduler = field(default_factory=Scheduler)
    large: Large | None = None
