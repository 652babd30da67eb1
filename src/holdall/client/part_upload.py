"""Uploading one large file in parts, which can be taken up again where it stopped.

Parts that arrived are asked for from the backend, never remembered here: what a lost
answer said is then known all the same.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from yarl import URL

from holdall.backends.protocol import Upload
from holdall.client.blocks import blocks_of
from holdall.client.local import url_of
from holdall.client.parts import Cut, cuts, part_size
from holdall.client.place import Place
from holdall.client.progress import (
    StorageProgressComplete,
    StorageProgressStart,
    StorageProgressStep,
)
from holdall.client.reporting import Reporter
from holdall.client.scheduling import Scheduler
from holdall.client.stamps import Stamp
from holdall.client.threads import in_thread
from holdall.core.values import ALWAYS, Part, Precondition

Demand = Callable[[], Awaitable[Precondition]]
"""Raises unless the blob may be replaced, and says on what condition the backend may do it."""


@dataclass(frozen=True, slots=True)
class UploadNote:
    """All that has to be known of an upload to go on with it: its id, how the file is cut
    (`part_size` bytes each), and what the file was when it began."""

    upload: str
    part_size: int
    stamp: Stamp


async def begin_upload(place: Place, stamp: Stamp) -> UploadNote:
    """Start an upload of a file that is what `stamp` says."""
    upload = await place.backend.start_upload(place.bucket.id, place.key)
    return UploadNote(upload.id, part_size(stamp.size), stamp)


async def no_demand() -> Precondition:
    """Whatever is there may be replaced."""
    return ALWAYS


class PartUpload:
    """One run at an upload that has begun. What fails or is cancelled may be run again."""

    def __init__(
        self,
        path: Path,
        place: Place,
        note: UploadNote,
        scheduler: Scheduler,
        report: Reporter,
        demand: Demand = no_demand,
    ) -> None:
        self._path = path
        self._place = place
        self._note = note
        self._scheduler = scheduler
        self._report = report
        self._demand = demand
        self._passed = 0

    async def run(self) -> None:
        """Send the parts that are not there and make the blob.

        `UploadNotFound` when the upload is over; `Conflict` when the file is not what it was
        when the upload began, and nothing is stored. `PreconditionFailed`, or what `demand`
        raises, when the blob may not be replaced.
        """
        await self._demand_unchanged()
        await self._demand()  # before anything is sent for nothing
        upload = await self._place.backend.resume_upload(
            self._place.bucket.id, self._place.key, self._note.upload
        )
        held = await self._arrived(upload)
        size = self._note.stamp.size
        self._report(StorageProgressStart(*self._ends(), size))
        self._pass(sum(part.size for part in held.values()))
        missing = [cut for cut in self._cuts() if cut.number not in held]
        await self._scheduler.parts(missing, lambda cut: self._send(upload, cut, held))
        await self._demand_unchanged()
        parts = [held[number] for number in sorted(held)]
        await upload.complete(parts, precondition=await self._demand())
        self._report(StorageProgressComplete(*self._ends(), size))

    async def _demand_unchanged(self) -> None:
        self._note.stamp.demand(self._path, await in_thread(os.stat, self._path))

    async def _arrived(self, upload: Upload) -> dict[int, Part]:
        sizes = {cut.number: cut.size for cut in self._cuts()}
        return {
            part.number: part
            for part in await upload.parts()
            if sizes.get(part.number) == part.size
        }

    async def _send(self, upload: Upload, cut: Cut, held: dict[int, Part]) -> None:
        async def send() -> Part:
            async with aclosing(self._bytes(cut)) as source:
                return await upload.part(cut.number, source)

        held[cut.number] = await self._scheduler.request(send, self._report)

    async def _bytes(self, cut: Cut) -> AsyncGenerator[bytes, None]:
        blocks = blocks_of(self._path, start=cut.start, end=cut.end, stamp=self._note.stamp)
        sent = 0
        try:
            async with aclosing(self._scheduler.passing(blocks)) as passing:
                async for block in passing:
                    yield block
                    sent += len(block)
                    self._pass(len(block))
        finally:
            if sent < cut.size:  # it will be sent again, or never: it has not passed
                self._passed -= sent

    def _pass(self, count: int) -> None:
        self._passed += count
        self._report(StorageProgressStep(*self._ends(), self._passed, self._note.stamp.size))

    def _cuts(self) -> list[Cut]:
        return cuts(self._note.stamp.size, self._note.part_size)

    def _ends(self) -> tuple[URL, URL]:
        return url_of(self._path), self._place.uri
