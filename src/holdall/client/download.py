"""Downloading one blob to a local file."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from yarl import URL

from holdall.backends.protocol import SMALL, Reading, RevisionRef
from holdall.client.appending import Appending
from holdall.client.courier import Courier
from holdall.client.landing import Claims, Landing
from holdall.client.local import url_of
from holdall.client.place import Place
from holdall.client.progress import (
    StorageProgressComplete,
    StorageProgressSkip,
    StorageProgressStart,
    StorageProgressStep,
)
from holdall.client.reading import BATCH, batches
from holdall.client.reporting import Reporter
from holdall.client.route import Route
from holdall.client.threads import in_thread
from holdall.client.values.entry import BlobObject
from holdall.core.errors import Corrupt


@dataclass(frozen=True, slots=True)
class Manner:
    """What to do about a file that is there.

    `update`: leave it unless the blob was committed after the file was modified.
    `continue_`: keep it and append the rest, if it is not older than the blob, not longer,
    and begins with the same bytes; else download the whole blob.
    """

    update: bool = False
    continue_: bool = False


class Download:
    """One blob on its way to `target`, a path without symbolic links at its end.

    `revision` pins what is read; None is the current revision. `is_listed` says that it is
    the current one all the same, as a listing had it.
    """

    def __init__(
        self,
        place: Place,
        blob: BlobObject,
        target: Path,
        *,
        report: Reporter,
        claims: Claims,
        revision: RevisionRef = None,
        is_listed: bool = False,
        courier: Courier | None = None,
    ) -> None:
        self._place = place.at(blob.key)
        self._blob = blob
        self._target = target
        self._report = report
        self._claims = claims
        self._revision = revision
        self._follows = revision is None or is_listed
        self._courier = courier or Courier()
        self._route = Route(self._place.uri, url_of(target))

    async def run(self, manner: Manner) -> None:
        """Bring the file up to date. After a failure the file is what it was before, save
        that `continue_` may have appended bytes that were right."""
        there = await in_thread(_regular, self._target) if manner != Manner() else None
        present = there if there is not None and self._is_current(there) else None
        continues = manner.continue_ and present is not None and self._fits(present)
        if manner.update and present is not None and not continues:
            self._report(StorageProgressSkip(*self._ends(), "the file is not older"))
            return
        if not (continues and await self._append()):
            await self.replace()

    async def replace(self) -> None:
        """Download all of it, whatever is there."""
        fetcher = self._courier.fetcher
        if fetcher.fetches(self._blob.size, self._place):
            what, where = (self._place, self._revision), (self._target, self._claims)
            await fetcher.fetch(*what, *where, self._report, follows=self._follows)
            return
        self._report(StorageProgressStart(*self._ends(), self._blob.size))
        scheduler = self._courier.scheduler
        await scheduler.request(self._whole, self._report, small=self._is_small)
        self._report(StorageProgressComplete(*self._ends(), self._blob.size))

    def _is_current(self, there: os.stat_result) -> bool:
        committed = self._blob.modified_at
        return committed is not None and there.st_mtime >= self._place.local_time(committed)

    def _fits(self, there: os.stat_result) -> bool:
        return there.st_size <= self._blob.size

    async def _whole(self) -> None:
        landing = Landing(self._target, self._claims)
        try:
            async with await self._open() as reading:
                last = await self._written(reading, landing)
                await asyncio.sleep(0)  # a pending cancellation is heard now, not when all is done
                await in_thread(landing.finish, last)
        finally:
            landing.discard()

    async def _written(self, reading: Reading, landing: Landing) -> bytes:
        """Write all but the last bytes, which are returned: few need one thread only once."""
        if reading.revision.size <= BATCH:
            return await self._all(reading)
        last = b""
        async with aclosing(self._batches(reading)) as batches:
            async for batch in batches:
                if last:
                    await in_thread(landing.write, last)
                last = batch
        return last

    async def _all(self, reading: Reading) -> bytes:
        data = await reading.read()
        await self._courier.scheduler.take(len(data))
        if data:
            self._report(StorageProgressStep(*self._ends(), len(data), self._blob.size))
        self._demand_all(reading, len(data))
        return data

    async def _append(self) -> bool:
        """Append what is missing. False when the file does not begin as the blob does."""
        await in_thread(self._claims.take, self._target)
        self._report(StorageProgressStart(*self._ends(), self._blob.size))
        if not await self._append_to_claimed():
            await in_thread(self._claims.release, self._target)
            return False
        self._report(StorageProgressComplete(*self._ends(), self._blob.size))
        return True

    async def _append_to_claimed(self) -> bool:
        with await in_thread(Appending, self._target) as file:
            async with await self._open() as reading, aclosing(self._batches(reading)) as batches:
                async for batch in batches:
                    if not await in_thread(file.feed, batch):
                        return False
            await in_thread(file.sync)
            return file.is_past_end

    async def _open(self) -> Reading:
        return await self._place.backend.open(
            self._place.bucket.id,
            self._place.key,
            revision=self._revision,
            small=self._is_small,
        )

    @property
    def _is_small(self) -> bool:
        return self._blob.size <= SMALL

    async def _batches(self, reading: Reading) -> AsyncGenerator[bytes, None]:
        """The blob in pieces; `Corrupt` when it ends early."""
        current = 0
        async with aclosing(self._courier.scheduler.passing(batches(reading))) as pieces:
            async for piece in pieces:
                yield piece
                current += len(piece)
                self._report(StorageProgressStep(*self._ends(), current, self._blob.size))
        self._demand_all(reading, current)

    def _demand_all(self, reading: Reading, actual: int) -> None:
        expected = reading.revision.size
        if actual != expected:
            raise Corrupt(
                f"{self._place.uri} has {actual} bytes instead of {expected}",
                bucket=self._place.bucket.name,
                key=self._place.key,
                expected=expected,
                actual=actual,
            )

    def _ends(self) -> tuple[URL, URL]:
        return self._route.src, self._route.dst


def _regular(path: Path) -> os.stat_result | None:
    """The facts of a regular file, None for anything else."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found if stat.S_ISREG(found.st_mode) else None
