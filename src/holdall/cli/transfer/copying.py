"""Carrying out one planned job of `cp`, whatever its two ends are."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeGuard, TypeVar

from holdall.cli.descriptors import StreamWriter, read_stream
from holdall.cli.output import Output
from holdall.cli.places import Blob, Local, Place, Standard
from holdall.cli.transfer.past import found_at
from holdall.cli.transfer.plan import Job
from holdall.cli.transfer.same import is_same
from holdall.cli.transfer.stepping import teller
from holdall.cli.transfer.tally import Tally
from holdall.client.client import Client
from holdall.client.filtering import Filters
from holdall.client.streams import Stream
from holdall.client.values.entry import BucketEntry
from holdall.core.errors import BlobNotFound, HoldallError, InvalidArgument
from holdall.transfer.steps import Step, Verb
from holdall.transfer.transfers import Transfers

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Manner:
    """What to do about a target that is there, and what to leave out: see the help of `cp`."""

    update: bool = False
    continue_: bool = False
    checksum: bool = False
    dry_run: bool = False
    at: datetime | None = None
    filters: Filters | None = None

    def __post_init__(self) -> None:
        if self.continue_ and (self.checksum or self.dry_run or self.filters is not None):
            raise InvalidArgument("--continue goes with neither a dry run, checksums nor filters")

    @property
    def is_planned(self) -> bool:
        """Whether a directory is compared with its target, rather than written over it."""
        return self.checksum or self.dry_run or self.filters is not None


class Copier:
    """Copies jobs one after the other; what fails is tallied and the rest goes on."""

    def __init__(
        self, transfers: Transfers, client: Client, output: Output, tally: Tally, manner: Manner
    ) -> None:
        self._transfers = transfers
        self._buckets = transfers.buckets
        self._client = client
        self._output = output
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
        if job.is_directory and self._is_planned(source, target):
            await self._synced(source, target)
        elif not job.is_directory and await self._is_left(source, target):
            return
        elif isinstance(source, Blob) and isinstance(target, Blob):
            await self._between(source, target, job.is_directory)
        elif isinstance(source, Blob):
            await self._down(source, target, job.is_directory)
        elif isinstance(target, Blob):
            await self._up(source, target, job.is_directory)

    def _is_planned(self, source: Place, target: Place) -> bool:
        into_past = self._manner.at is not None and isinstance(target, Blob)
        return self._manner.is_planned or into_past

    async def _synced(self, source: Place, target: Place) -> None:
        await self._transfers.sync(
            _end_of(source),
            _end_of(target),
            update=self._manner.update,
            checksum=self._manner.checksum,
            always=not (self._manner.update or self._manner.checksum),
            dry_run=self._manner.dry_run,
            at=self._manner.at,
            filters=self._manner.filters,
            progress=self._tally,
            told=self._tell,
        )

    def _tell(self, step: Step) -> None:
        if self._manner.dry_run:
            teller(self._output)(step)
        elif step.verb is Verb.SKIP:
            self._tally.skip_one()

    async def _is_left(self, source: Place, target: Place) -> bool:
        """Whether a single file is not to be copied, or nothing shall be done."""
        if self._is_excluded(source) or await self._is_same(source, target):
            self._tally.skip_one()
            return True
        if self._manner.dry_run:
            line = f"copy    {source}  (to {target})"
            self._output.result({"step": "copy", "name": str(source), "to": str(target)}, line)
        return self._manner.dry_run

    def _is_excluded(self, source: Place) -> bool:
        filters = self._manner.filters
        if filters is None or isinstance(source, Standard):
            return False
        return not filters.wants(source.name)

    async def _is_same(self, source: Place, target: Place) -> bool:
        if not self._manner.checksum or is_stream(source) or is_stream(target):
            return False
        return await is_same(self._client, source, target)

    async def _version(self, source: Blob) -> str | None:
        """The version that a time means; None is the current one."""
        if self._manner.at is None:
            return None
        found = await found_at(self._client, source, self._manner.at)
        return None if found is None else found.version or None

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
        if is_directory:
            await self._buckets.download_dir(
                str(source),
                path,
                update=self._manner.update,
                continue_=self._manner.continue_,
                progress=self._tally,
                at=self._manner.at,
            )
        else:
            await self._buckets.download_file(
                str(source),
                path,
                update=self._manner.update,
                continue_=self._manner.continue_,
                progress=self._tally,
                revision=await self._version(source),
            )

    async def _receive(self, source: Local | Standard, target: Blob) -> None:
        async with aclosing(self._limited(self._watched(source))) as body:
            stored = await self._buckets.put_blob(target.bucket, target.key, body, **target.whose)
        self._tally.finish(str(source), stored.size)

    def _limited(self, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        return self._transfers.courier.scheduler.passing(chunks)

    async def _watched(self, source: Local | Standard) -> AsyncGenerator[bytes, None]:
        current = 0
        async with aclosing(read_stream(source)) as batches:
            async for batch in batches:
                yield batch
                current += len(batch)
                self._tally.advance(str(source), current)

    async def _send(self, source: Blob, target: Local | Standard) -> None:
        current = 0
        version = await self._version(source)
        reading = self._buckets.fetch_blob(
            source.bucket, source.key, **source.whose, revision=version
        )
        content = self._limited(drawn(reading))
        async with aclosing(content), StreamWriter(target) as out:
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
            await self._transfers.courier.scheduler.files(entries, copy_entry)

    async def _copy_blob(self, source: Blob, target: Blob) -> None:
        if self._manner.update and await self._is_current(source, target):
            self._tally.skip_one()
            return
        version = await self._version(source)
        copied = await self._buckets.copy(str(source), str(target), revision=version)
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


def _end_of(named: Place) -> str | Path:
    return str(named) if isinstance(named, Blob) else path_of(named)


async def drawn(stream: Stream[T]) -> AsyncGenerator[T, None]:
    """A listing, or what is read, as a generator."""
    async with stream as items:
        async for item in items:
            yield item
