"""Downloading one large blob in parts, which can be taken up again where it stopped.

Parts go straight to their place in a temporary file beside the target. Each is noted with
its checksum, and trusted later only if the file still has it: so nothing needs to be
synced before the end, and a power cut costs what had not reached the disk.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from yarl import URL

from holdall.backends.protocol import Reading, RevisionRef
from holdall.client.landing import Claims, telling_of_room
from holdall.client.local import url_of
from holdall.client.parts import Cut, cuts, part_size
from holdall.client.place import Place
from holdall.client.progress import (
    StorageProgressComplete,
    StorageProgressStart,
    StorageProgressStep,
)
from holdall.client.reading import gathered
from holdall.client.reporting import Reporter
from holdall.client.scheduling import Scheduler
from holdall.client.threads import in_thread
from holdall.core.checksums import CRCS, combine, crc_function
from holdall.core.errors import (
    BlobNotFound,
    Conflict,
    Corrupt,
    PermissionDenied,
    RevisionNotFound,
)
from holdall.core.values import Revision, Span

_LOOK: Final = 1024 * 1024
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class DownloadNote:
    """All that has to be known of a download to go on with it: which revision it reads, in
    parts of `part_size` bytes, and the temporary file.

    `algorithm`, one of `holdall.core.checksums.CRCS`, is that of the parts' checksums and of
    `checksum`, the one that the whole must have; None where nobody keeps one that follows from
    those of parts, so that only the store and the way here vouch for it.
    """

    version: str
    etag: str
    size: int
    algorithm: str
    checksum: int | None
    part_size: int
    temporary: str

    def speaks_of(self, revision: Revision) -> bool:
        """Whether this is the content that the download began with."""
        known = (revision.version, revision.etag, revision.size)
        return known == (self.version, self.etag, self.size)


class Arrivals(Protocol):
    """What is noted of a download: the checksum of each part that arrived, by its number."""

    @property
    def arrived(self) -> Mapping[int, int]: ...

    def arrive(self, number: int, crc: int) -> None: ...


def note_of(revision: Revision, temporary: Path) -> DownloadNote:
    """The note of a download that begins."""
    known = [name for name in CRCS if name in revision.checksums]
    return DownloadNote(
        revision.version,
        revision.etag,
        revision.size,
        known[0] if known else "crc32c",
        int.from_bytes(revision.checksums[known[0]], "big") if known else None,
        part_size(revision.size),
        str(temporary),
    )


class PartDownload:
    """One run at a download that has begun. What fails or is cancelled may be run again.

    `follows`: what it reads was the current revision a moment ago, and is asked for as such.
    """

    def __init__(
        self,
        place: Place,
        target: Path,
        note: DownloadNote,
        arrivals: Arrivals,
        *,
        claims: Claims,
        scheduler: Scheduler,
        report: Reporter,
        follows: bool,
    ) -> None:
        self._place = place
        self._target = target
        self._note = note
        self._arrivals = arrivals
        self._claims = claims
        self._scheduler = scheduler
        self._report = report
        self._follows = follows
        self._file: int | None = None
        self._passed = 0
        self._cuts = cuts(note.size, note.part_size)
        self._crc = crc_function(note.algorithm)

    async def run(self) -> None:
        """Fetch the parts that are not there and give the file its name.

        `Conflict` when the blob is not the one the download began with: two contents are
        never joined. `Corrupt` when the whole has another checksum than the blob.
        """
        temporary = Path(self._note.temporary)
        try:
            await self._fill(await in_thread(self._open_file, temporary))
            await in_thread(self._sync)
        finally:
            await in_thread(self._close)
        await in_thread(self._claims.replace, temporary, self._target)
        self._report(StorageProgressComplete(*self._ends(), self._note.size))

    def _open_file(self, temporary: Path) -> int:
        """Held here, too: a caller that is cancelled meanwhile is not told what was opened."""
        self._file = os.open(temporary, _FLAGS, 0o666)
        return self._file

    def _sync(self) -> None:
        assert self._file is not None, "it was opened"
        with telling_of_room(self._target):
            os.fsync(self._file)

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    async def _fill(self, file: int) -> None:
        self._report(StorageProgressStart(*self._ends(), self._note.size))
        held = await in_thread(self._verified, file)
        self._pass(sum(cut.size for cut in self._cuts if cut.number in held))
        missing = [cut for cut in self._cuts if cut.number not in held]
        await self._scheduler.parts(missing, lambda cut: self._fetch(file, cut, held))
        self._demand_whole(held)

    def _verified(self, file: int) -> dict[int, int]:
        """The parts that were noted and are still in the file as they were."""
        noted = self._arrivals.arrived
        return {
            cut.number: noted[cut.number]
            for cut in self._cuts
            if cut.number in noted and self._crc_of(file, cut) == noted[cut.number]
        }

    def _crc_of(self, file: int, cut: Cut) -> int:
        """The checksum of what the file has in a part's place, which may be less than it all."""
        at, crc = cut.start, 0
        while piece := os.pread(file, min(_LOOK, cut.end - at), at):
            crc = self._crc(piece, crc)
            at += len(piece)
        return crc

    async def _fetch(self, file: int, cut: Cut, held: dict[int, int]) -> None:
        crc = await self._scheduler.request(partial(self._receive, file, cut), self._report)
        held[cut.number] = crc
        await in_thread(self._arrivals.arrive, cut.number, crc)

    async def _receive(self, file: int, cut: Cut) -> int:
        at, crc = cut.start, 0
        try:
            async with await self._open(cut) as reading, aclosing(gathered(reading)) as gathering:
                async for chunks in gathering:
                    size = sum(map(len, chunks))
                    await self._scheduler.take(size)
                    crc = await in_thread(self._write, file, chunks, at, crc)
                    at += size
                    self._pass(size)
            self._demand_all(cut, at)
        except BaseException:
            self._passed -= at - cut.start
            raise
        return crc

    def _write(self, file: int, chunks: Sequence[bytes], at: int, crc: int) -> int:
        """Write chunks from a place on; the checksum `crc` with theirs after it."""
        start = at
        with telling_of_room(self._target):
            for chunk in chunks:
                view = memoryview(chunk)
                while view:
                    written = os.pwrite(file, view, at)
                    view, at = view[written:], at + written
                crc = self._crc(chunk, crc)
        # The disk begins now, not at the end of it all: what is given up here is the cache's own,
        # and of that only what is on the disk already.
        if sys.platform == "linux":
            os.posix_fadvise(file, start, at - start, os.POSIX_FADV_DONTNEED)
        return crc

    async def _open(self, cut: Cut) -> Reading:
        reading = await self._current(cut) if self._follows else None
        return await self._kept(cut) if reading is None else reading

    async def _current(self, cut: Cut) -> Reading | None:
        """The part, if the current revision is still the one: a provider has to list all
        versions to find one of them, and not everybody who may read may list."""
        try:
            return await self._same(cut, None)
        except BlobNotFound:
            return None

    async def _kept(self, cut: Cut) -> Reading:
        """The part, whatever came after the revision."""
        try:
            reading = await self._same(cut, self._note.version)
        except RevisionNotFound as error:
            raise self._changed() from error
        except PermissionDenied as error:
            if not self._follows:
                raise
            raise self._changed() from error  # which it did, or it would not be asked for so
        if reading is None:
            raise self._changed()
        return reading

    async def _same(self, cut: Cut, revision: RevisionRef) -> Reading | None:
        """None where what there is now is something else."""
        reading = await self._place.backend.open(
            self._place.bucket.id,
            self._place.key,
            revision=revision,
            # Of a range the backend could not compare what comes with the checksum of the whole.
            span=None if cut.size == self._note.size else Span(cut.start, cut.end),
        )
        if self._note.speaks_of(reading.revision):
            return reading
        await reading.aclose()
        return None

    def _changed(self) -> Conflict:
        text = f"{self._place.uri} changed while it was downloaded"
        return Conflict(text, bucket=self._place.bucket.name, key=self._place.key)

    def _demand_all(self, cut: Cut, at: int) -> None:
        if at != cut.end:
            raise self._corrupt(f"ends at byte {at} instead of {cut.end}")

    def _demand_whole(self, held: Mapping[int, int]) -> None:
        whole = combine(self._note.algorithm, ((held[cut.number], cut.size) for cut in self._cuts))
        if self._note.checksum not in (None, whole):
            raise self._corrupt(f"does not have its {self._note.algorithm}")

    def _corrupt(self, what: str) -> Corrupt:
        text = f"{self._place.uri} {what}"
        return Corrupt(text, bucket=self._place.bucket.name, key=self._place.key)

    def _pass(self, count: int) -> None:
        self._passed += count
        self._report(StorageProgressStep(*self._ends(), self._passed, self._note.size))

    def _ends(self) -> tuple[URL, URL]:
        return self._place.uri, url_of(self._target)
