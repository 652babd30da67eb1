"""Large files that go on where they stopped: each is noted in the journal while it travels."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from holdall.backends.protocol import RevisionRef
from holdall.client.landing import Claims, temporary_beside
from holdall.client.part_download import PartDownload, note_of
from holdall.client.part_upload import PartUpload, begin_upload
from holdall.client.place import Place
from holdall.client.reporting import Reporter
from holdall.client.scheduling import Scheduler
from holdall.client.stamps import Stamp
from holdall.client.threads import in_thread
from holdall.core.errors import Conflict, Corrupt, LeaseLost, NotFound, UploadNotFound
from holdall.transfer.entries import DownloadEntry, Entry, UploadEntry, download_id, upload_id
from holdall.transfer.journal import Journal, Record
from holdall.transfer.likeness import crc_of_blob, crc_of_file

LARGE: Final = 16 * 1024 * 1024
"""Bytes from which on it is worth noting where a file is; smaller ones are simply repeated."""


class Resumable:
    """Carries large files for a `Courier`. Those of the same two ends are one transfer.

    What fails or is cancelled keeps its note, with the parts or the temporary file, and the
    next attempt at the same two ends goes on from there. What cannot go on, because one of
    the ends changed, begins again.
    """

    def __init__(self, journal: Journal, scheduler: Scheduler) -> None:
        self._journal = journal
        self._scheduler = scheduler

    def sends(self, size: int, place: Place) -> bool:
        # Where an upload cannot be taken up again, a file that stopped begins again.
        return size >= LARGE and place.backend.capabilities.uploads

    def fetches(self, size: int) -> bool:
        return size >= LARGE

    async def send(self, path: Path, stamp: Stamp, place: Place, report: Reporter) -> None:
        path, uri = _absolute(path), str(place.uri)
        with self._journal.record(upload_id(path, uri)) as record:
            entry = record.entry
            if isinstance(entry, UploadEntry) and entry.note.stamp == stamp:
                if await self._continued(entry, record, place, report):
                    return
            elif entry is not None:
                await self._drop(entry, place)
            entry = UploadEntry(str(path), uri, await begin_upload(place, stamp))
            await in_thread(record.begin, entry)
            await self._send(entry, record, place, report)

    async def _continued(
        self, entry: UploadEntry, record: Record, place: Place, report: Reporter
    ) -> bool:
        """Whether the upload could be finished; else it has to begin again."""
        try:
            await self._send(entry, record, place, report)
        except UploadNotFound:
            # It may have been finished by someone who died before saying so.
            if not await _holds(place, entry):
                return False
            await in_thread(record.forget)
        return True

    async def _send(
        self, entry: UploadEntry, record: Record, place: Place, report: Reporter
    ) -> None:
        try:
            await PartUpload(Path(entry.path), place, entry.note, self._scheduler, report).run()
        except (UploadNotFound, LeaseLost):
            raise
        except (Conflict, FileNotFoundError):  # the file is not what it was, or gone
            await self._drop(entry, place)
            await in_thread(record.forget)
            raise
        await in_thread(record.forget)

    async def fetch(
        self, place: Place, revision: RevisionRef, target: Path, claims: Claims, report: Reporter
    ) -> None:
        target = _absolute(target)
        found = await place.backend.head(place.bucket.id, place.key, revision=revision)
        id = download_id(str(place.uri), target)
        with self._journal.record(id) as record:
            entry = record.entry
            if not isinstance(entry, DownloadEntry) or not entry.note.speaks_of(found):
                note = note_of(found, temporary_beside(target, id))
                await in_thread(Path(note.temporary).unlink, missing_ok=True)
                entry = DownloadEntry(str(place.uri), str(target), note)
                await in_thread(record.begin, entry)
            await self._fetch(entry, record, place, claims, report)

    async def _fetch(
        self, entry: DownloadEntry, record: Record, place: Place, claims: Claims, report: Reporter
    ) -> None:
        download = PartDownload(
            place,
            Path(entry.path),
            entry.note,
            record,
            claims=claims,
            scheduler=self._scheduler,
            report=report,
        )
        try:
            await download.run()
        except (Conflict, NotFound, Corrupt):  # the blob is not what it was, or damaged
            await self._drop(entry, place)
            await in_thread(record.forget)
            raise
        await in_thread(record.forget)

    async def resume(self, entry: Entry, place: Place, report: Reporter) -> None:
        """Finish a transfer that began earlier, to the very content it began with.

        `Conflict` when the file or the blob changed since, `NotFound` when it is gone: there
        is then nothing left to go on with, and the journal forgets it.
        """
        with self._journal.record(entry.id) as record:
            known = record.entry
            if isinstance(known, UploadEntry):
                if not await self._continued(known, record, place, report):
                    await in_thread(record.forget)
                    raise UploadNotFound(f"{place.uri} keeps nothing of this upload any more")
            elif known is not None:
                await self._fetch(known, record, place, Claims(), report)

    async def forget(self, entry: Entry, place: Place | None) -> None:
        """Give a transfer up, with the parts or the temporary file that it left. `place` is
        None where the bucket is gone."""
        with self._journal.record(entry.id) as record:
            if record.entry is not None:
                await self._drop(record.entry, place)
                await in_thread(record.forget)

    async def _drop(self, entry: Entry, place: Place | None) -> None:
        if isinstance(entry, DownloadEntry):
            await in_thread(Path(entry.note.temporary).unlink, missing_ok=True)
            return
        if place is None:
            return
        with suppress(NotFound):
            upload = await place.backend.resume_upload(
                place.bucket.id, place.key, entry.note.upload
            )
            await upload.abort()


async def _holds(place: Place, entry: UploadEntry) -> bool:
    """Whether the blob is what the file is, by size and checksum."""
    known = await crc_of_blob(place)
    if known is None or known[0] != entry.size:
        return False
    return known[1] == await crc_of_file(Path(entry.path), stamp=entry.note.stamp)


def _absolute(path: Path) -> Path:
    return path.absolute()
