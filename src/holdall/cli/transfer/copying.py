"""Carrying out one planned job of `cp`, whatever its two ends are."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeGuard

from holdall.cli.descriptors import StreamWriter, read_stream
from holdall.cli.places import Blob, Local, Place, Standard
from holdall.cli.transfer.plan import Job
from holdall.cli.transfer.tally import Tally
from holdall.client.client import Client
from holdall.client.concurrently import each
from holdall.client.streams import Stream
from holdall.client.values.entry import BucketEntry
from holdall.core.errors import BlobNotFound, HoldallError, InvalidArgument


@dataclass(frozen=True, slots=True)
class Manner:
    """What to do about a target that is there: see the help of `cp`."""

    update: bool = False
    continue_: bool = False


class Copier:
    """Copies jobs one after the other; what fails is tallied and the rest goes on."""

    def __init__(self, client: Client, tally: Tally, manner: Manner) -> None:
        self._buckets = client.buckets
        self._tally = tally
        self._manner = manner

    async def run(self, job: Job) -> bool:
        """Whether all of it arrived."""
        before = self._tally.failed
        try:
            await self._copy(job)
        except BrokenPipeError:
            raise
        except (HoldallError, OSError) as error:
            # A directory's failures were told one by one; the last error only counts them.
            if not getattr(error, "failed", None):
                self._tally.fail_with(str(job.source), error)
        return self._tally.failed == before

    async def _copy(self, job: Job) -> None:
        source, target = job.source, job.target
        if isinstance(source, Blob) and isinstance(target, Blob):
            await self._between(source, target, job.is_directory)
        elif isinstance(source, Blob):
            await self._down(source, target, job.is_directory)
        elif isinstance(target, Blob):
            await self._up(source, target, job.is_directory)

    async def _up(self, source: Local | Standard, target: Blob, is_directory: bool) -> None:
        if is_stream(source):
            await self._receive(source, target)
            return
        upload = self._buckets.upload_dir if is_directory else self._buckets.upload_file
        await upload(path_of(source), str(target), update=self._manner.update, progress=self._tally)

    async def _down(self, source: Blob, target: Place, is_directory: bool) -> None:
        if is_stream(target):
            await self._send(source, target)
            return
        path = path_of(target)
        if not is_directory:
            path.parent.mkdir(parents=True, exist_ok=True)
        download = self._buckets.download_dir if is_directory else self._buckets.download_file
        await download(
            str(source),
            path,
            update=self._manner.update,
            continue_=self._manner.continue_,
            progress=self._tally,
        )

    async def _receive(self, source: Local | Standard, target: Blob) -> None:
        async with aclosing(self._watched(source)) as body:
            stored = await self._buckets.put_blob(target.bucket, target.key, body, **target.whose)
        self._tally.finish(str(source), stored.size)

    async def _watched(self, source: Local | Standard) -> AsyncGenerator[bytes, None]:
        current = 0
        async with aclosing(read_stream(source)) as batches:
            async for batch in batches:
                yield batch
                current += len(batch)
                self._tally.advance(str(source), current)

    async def _send(self, source: Blob, target: Local | Standard) -> None:
        current = 0
        reading = self._buckets.fetch_blob(source.bucket, source.key, **source.whose)
        async with reading as content, StreamWriter(target) as out:
            async for chunk in content:
                await out.write(chunk)
                current += len(chunk)
                self._tally.advance(str(source), current)
        self._tally.finish(str(source), current)

    async def _between(self, source: Blob, target: Blob, is_directory: bool) -> None:
        if not is_directory:
            await self._copy_blob(source, target)
            return
        below = source.as_directory()
        listing = self._buckets.list_blobs(str(below), recursive=True, limit=None)

        async def copy_entry(entry: BucketEntry) -> None:
            rest = entry.key.removeprefix(below.key)
            await self.run(Job(below.at(entry.key), target.at(target.key + rest)))

        async with aclosing(drawn(listing)) as entries:
            await each(entries, copy_entry)

    async def _copy_blob(self, source: Blob, target: Blob) -> None:
        if self._manner.update and await self._is_current(source, target):
            self._tally.skip_one()
            return
        copied = await self._buckets.copy(str(source), str(target))
        if copied.is_file():
            self._tally.finish(str(source), copied.size)

    async def _is_current(self, source: Blob, target: Blob) -> bool:
        written = await self._time_of(target)
        return written is not None and written >= (await self._time_of(source) or written)

    async def _time_of(self, named: Blob) -> datetime | None:
        try:
            found = await self._buckets.head_blob(named.bucket, named.key, **named.whose)
        except BlobNotFound:
            return None
        return found.modified_at


def is_stream(named: Place) -> TypeGuard[Local | Standard]:
    """Whether a place is read or written where it stands."""
    return isinstance(named, Standard) or (isinstance(named, Local) and named.is_stream)


def path_of(named: Place) -> Path:
    """The path of a local place."""
    if not isinstance(named, Local):
        raise InvalidArgument(f"{named} is no local path")
    return Path(named.path)


async def drawn(listing: Stream[BucketEntry]) -> AsyncGenerator[BucketEntry, None]:
    """A listing as the generator that `each` draws from."""
    async with listing as entries:
        async for entry in entries:
            yield entry
