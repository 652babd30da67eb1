"""Downloading large blobs in parts, several at once, of which an interruption leaves nothing."""

from __future__ import annotations

from pathlib import Path

from holdall.backends.protocol import RevisionRef
from holdall.client.landing import Claims, temporary_beside
from holdall.client.part_download import PartDownload, note_of
from holdall.client.parts import LARGE
from holdall.client.place import Place
from holdall.client.reporting import Reporter
from holdall.client.scheduling import Scheduler
from holdall.client.threads import in_thread


class Arrived:
    """The parts of one download, known as long as it runs."""

    def __init__(self) -> None:
        self.arrived = dict[int, int]()

    def arrive(self, number: int, crc: int) -> None:
        self.arrived[number] = crc


class InParts:
    """Carries large blobs for a `Courier`."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def fetches(self, size: int, place: Place) -> bool:
        return size >= LARGE and not place.backend.capabilities.embedded

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
        found = await place.backend.head(place.bucket.id, place.key, revision=revision)
        temporary = temporary_beside(target)
        download = PartDownload(
            place,
            target,
            note_of(found, temporary),
            Arrived(),
            claims=claims,
            scheduler=self._scheduler,
            report=report,
            follows=follows,
        )
        try:
            await download.run()
        except BaseException:
            await in_thread(temporary.unlink, missing_ok=True)
            raise
