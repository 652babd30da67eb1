"""Downloading large blobs in parts, several at once, of which an interruption leaves nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from holdall.backends.protocol import RevisionRef
from holdall.client.landing import Claims, temporary_beside
from holdall.client.part_download import DownloadNote, PartDownload, note_of
from holdall.client.parts import LARGE
from holdall.client.place import Place
from holdall.client.reporting import Reporter
from holdall.client.scheduling import Scheduler
from holdall.client.threads import in_thread
from holdall.core.values import Revision


class Arrived:
    """The parts of one download, known as long as it runs."""

    def __init__(self) -> None:
        self.arrived = dict[int, int]()

    def arrive(self, number: int, crc: int) -> None:
        self.arrived[number] = crc


class InParts:
    """Carries large blobs for a `Courier`.

    In parts comes what their checksums can vouch for, and that of which no checksum is known at
    all. Of anything else, such as an MD5, one part is the whole: a backend that knows how to
    compares it with its checksum while it comes.
    """

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
            _note_of(found, temporary),
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


def _note_of(revision: Revision, temporary: Path) -> DownloadNote:
    note = note_of(revision, temporary)
    in_parts = note.checksum is not None or not revision.checksums
    return note if in_parts else replace(note, part_size=note.size)
