"""Who carries single files: within which limits, and what becomes of large ones."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from holdall.backends.protocol import RevisionRef
from holdall.client.in_parts import InParts
from holdall.client.landing import Claims
from holdall.client.place import Place
from holdall.client.reporting import Reporter
from holdall.client.scheduling import Scheduler
from holdall.client.stamps import Stamp


class Sender(Protocol):
    """Carries files to blobs that are too large to be put in one go."""

    def sends(self, size: int, place: Place) -> bool:
        """Whether a file of so many bytes is one of them on its way to this place."""

    async def send(self, path: Path, stamp: Stamp, place: Place, report: Reporter) -> None:
        """Store a local file; `Conflict` when it is not what `stamp` says any more."""


class Fetcher(Protocol):
    """Carries blobs to files that are too large to be read in one go."""

    def fetches(self, size: int, place: Place) -> bool:
        """Whether a blob of so many bytes at this place is one of them."""

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


class Large(Sender, Fetcher, Protocol):
    """Carries files that are worth taking up again after an interruption."""


class Courier:
    """Without `large` an interruption leaves nothing: a large blob arrives in parts side by
    side, and a file is put in one go, of which a backend that takes parts makes some itself
    and sends them side by side too."""

    def __init__(self, scheduler: Scheduler | None = None, large: Large | None = None) -> None:
        self.scheduler = scheduler or Scheduler()
        self.sender: Sender | None = large
        self.fetcher: Fetcher = large or InParts(self.scheduler)
