"""Large files that go on where they stopped: each is noted in the journal while it travels."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from holdall.backends.protocol import RevisionRef
from holdall.client.landing import Claims, temporary_beside
from holdall.client.part_download import PartDownload, note_of
from holdall.client.part_upload import PartUpload, begin_upload, no_demand
from holdall.client.parts import LARGE
from holdall.client.place import Place
from holdall.client.reporting import Reporter
from holdall.client.scheduling import Scheduler
from holdall.client.stamps import Stamp
from holdall.client.threads import in_thread
from holdall.core.errors import (
    BlobNotFound,
    Conflict,
    Corrupt,
    LeaseLost,
    NotFound,
    PreconditionFailed,
    UploadNotFound,
)
from holdall.transfer.before import BlobBefore, FileBefore, SameTarget, TargetChanged, stamp_of
from holdall.transfer.entries import DownloadEntry, Entry, UploadEntry, download_id, upload_id
from holdall.transfer.journal import Journal, Record
from holdall.transfer.likeness import crc_of_blob, crc_of_file


class Resumable:
    """Carries large files for a `Courier`. Those of the same two ends are one transfer.

    What fails or is cancelled keeps its note, with the parts or the temporary file, and the
    next attempt at the same two ends goes on from there. What cannot go on, because one of
    the ends changed, begins again. To ask again is a new wish, whatever the target is by then;
    `resume` finishes an old one, and only over what the target was when that was asked for.
    """

    def __init__(self, journal: Journal, scheduler: Scheduler) -> None:
        self._journal = journal
        self._scheduler = scheduler

    def sends(self, size: int, place: Place) -> bool:
        # Where an upload cannot be taken up again, a file that stopped begins again.
        return size >= LARGE and place.backend.capabilities.uploads

    def fetches(self, size: int, place: Place) -> bool:
        return size >= LARGE

    async def send(self, path: Path, stamp: Stamp, place: Place, report: Reporter) -> None:
        path, uri = _absolute(path), str(place.uri)
        with self._journal.record(upload_id(path, uri)) as record:
            entry, before = record.entry, await BlobBefore.of(place)
            if isinstance(entry, UploadEntry) and entry.note.stamp == stamp:
                entry = replace(entry, before=before)
                await in_thread(_renew, record, entry)
                if await self._continued(entry, record, place, report):
                    return
            elif entry is not None:
                await self._drop(entry, place)
            entry = UploadEntry(str(path), uri, await begin_upload(place, stamp), before)
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
            await self._end(entry, record, place)
            raise
        await in_thread(record.forget)

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
        target = _absolute(target)
        found = await place.backend.head(place.bucket.id, place.key, revision=revision)
        id = download_id(str(place.uri), target)
        with self._journal.record(id) as record:
            entry, before = record.entry, await in_thread(FileBefore.of, target)
            if isinstance(entry, DownloadEntry) and entry.note.speaks_of(found):
                entry = replace(entry, before=before, follows=follows)
                await in_thread(_renew, record, entry)
            else:
                note = note_of(found, temporary_beside(target, id))
                await in_thread(Path(note.temporary).unlink, missing_ok=True)
                entry = DownloadEntry(str(place.uri), str(target), note, before, follows)
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
            follows=entry.follows,
        )
        try:
            await download.run()
        except TargetChanged:
            raise
        except (Conflict, NotFound, Corrupt):  # the blob is not what it was, or damaged
            await self._end(entry, record, place)
            raise
        await in_thread(record.forget)

    async def resume(self, entry: Entry, place: Place, report: Reporter) -> None:
        """Finish a transfer that began earlier, to the very content it began with.

        `Conflict` or `NotFound`. When what is to be sent is another content now, there is
        nothing left to go on with, and the journal forgets it; so it does a blob that is gone.
        The transfer is kept when the target was written since, and while the source file or
        the target's folder is away.
        """
        with self._journal.record(entry.id) as record:
            known = record.entry
            if isinstance(known, UploadEntry):
                await self._finish_upload(known, record, place, report)
            elif known is not None:
                await self._finish_download(known, record, place, report)

    async def _finish_upload(
        self, entry: UploadEntry, record: Record, place: Place, report: Reporter
    ) -> None:
        await self._demand_source(entry, record, place)
        try:
            await self._send_on(entry, place, report)
        except (UploadNotFound, TargetChanged) as error:
            # It may have been finished by someone who died before saying so.
            if not await _holds(place, entry):
                if isinstance(error, TargetChanged):
                    raise
                await in_thread(record.forget)
                text = f"{place.uri} keeps nothing of this upload any more: copy again"
                raise UploadNotFound(text) from error
            await self._drop(entry, place)
        except (Conflict, FileNotFoundError):
            await self._demand_source(entry, record, place)
            raise
        await in_thread(record.forget)

    async def _send_on(self, entry: UploadEntry, place: Place, report: Reporter) -> None:
        before = entry.before
        demand = no_demand if before is None else partial(before.demand, place)
        path, scheduler = Path(entry.path), self._scheduler
        try:
            await PartUpload(path, place, entry.note, scheduler, report, demand).run()
        except PreconditionFailed as error:
            if before is None:
                raise
            raise before.changed(place) from error

    async def _demand_source(self, entry: UploadEntry, record: Record, place: Place) -> None:
        now = await in_thread(stamp_of, Path(entry.path))
        if now is None:
            text = f"{entry.path} is not there: the transfer is kept until it is, or is forgotten"
            raise NotFound(text, path=entry.path)
        if now != entry.note.stamp:
            await self._end(entry, record, place)
            text = f"{entry.path} was changed since this transfer began, which is forgotten now"
            raise Conflict(f"{text}: copy again", path=entry.path)

    async def _finish_download(
        self, entry: DownloadEntry, record: Record, place: Place, report: Reporter
    ) -> None:
        await in_thread(_demand_folder, Path(entry.path))
        claims = Claims() if entry.before is None else SameTarget(entry.before)
        try:
            if entry.before is not None:
                await in_thread(entry.before.demand, Path(entry.path))
        except TargetChanged:
            # It may have been finished by someone who died before saying so.
            if not await _landed(entry):
                raise
            await self._end(entry, record, place)
            return
        if entry.follows:
            await self._demand_current(entry, record, place)
        await self._fetch(entry, record, place, claims, report)

    async def _demand_current(self, entry: DownloadEntry, record: Record, place: Place) -> None:
        facts = {"bucket": place.bucket.name, "key": place.key}
        forgotten = "since this transfer began, which is forgotten now"
        try:
            found = await place.backend.head(place.bucket.id, place.key)
        except BlobNotFound as error:
            await self._end(entry, record, place)
            raise BlobNotFound(f"{place.uri} was deleted {forgotten}", **facts) from error
        if not entry.note.speaks_of(found):
            await self._end(entry, record, place)
            text = f"{place.uri} was changed {forgotten}: copy again to get the newer revision"
            raise Conflict(text, **facts)

    async def forget(self, entry: Entry, place: Place | None) -> None:
        """Give a transfer up, with the parts or the temporary file that it left. `place` is
        None where the bucket is gone."""
        with self._journal.record(entry.id) as record:
            if record.entry is not None:
                await self._end(record.entry, record, place)

    async def _end(self, entry: Entry, record: Record, place: Place | None) -> None:
        await self._drop(entry, place)
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


async def _landed(entry: DownloadEntry) -> bool:
    """Whether the file is what the blob is, by size and checksum."""
    path, note = Path(entry.path), entry.note
    now = await in_thread(stamp_of, path, follow=False)
    if now is None or now.size != entry.size or note.checksum is None:
        return False
    return await crc_of_file(path, stamp=now, algorithm=note.algorithm) == note.checksum


def _demand_folder(target: Path) -> None:
    if not target.parent.is_dir():
        text = f"the folder of {target} is not there: the transfer is kept until it is"
        raise NotFound(f"{text}, or is forgotten", path=target)


def _renew(record: Record, entry: Entry) -> None:
    """Note what is said anew of a transfer that goes on with what arrived."""
    if entry == record.entry:
        return
    arrived = dict(record.arrived)
    record.begin(entry)
    for number, crc in arrived.items():
        record.arrive(number, crc)


def _absolute(path: Path) -> Path:
    return path.absolute()
