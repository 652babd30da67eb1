"""Carrying out one planned job of `mv`: a source goes only when its target is verified.

Between blobs a move is one step of the store. Else it is a copy, and then the removal of
exactly what was copied: a source that changed meanwhile stays, and is told of.
"""

from __future__ import annotations

import asyncio
import os
from asyncio import to_thread
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from holdall.cli.places import Blob, Local, Place
from holdall.cli.transfer.arrivals import Arrivals
from holdall.cli.transfer.copying import drawn, is_stream, path_of
from holdall.cli.transfer.despite import despite_failures
from holdall.cli.transfer.plan import Job
from holdall.cli.transfer.tally import Tally
from holdall.client.buckets import Buckets
from holdall.client.client import Client
from holdall.client.concurrently import each
from holdall.client.progress import StorageProgressComplete
from holdall.client.values.entry import BlobObject, BucketEntry
from holdall.core.errors import (
    BlobNotFound,
    Conflict,
    HoldallError,
    InvalidArgument,
    PreconditionFailed,
)
from holdall.core.uris import parse
from holdall.core.values import Precondition

_LAST_MOMENT: Final = 0.5
"""Seconds. Who pressed Ctrl-C wants it to stop."""

_Drop = Callable[[StorageProgressComplete], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What tells one content of a local file from another."""

    inode: int
    size: int
    modified: int  # nanoseconds

    @classmethod
    def of(cls, path: str) -> _Stamp:
        found = os.lstat(path)
        return cls(found.st_ino, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class _Content:
    """What tells one content of a blob from another. Listings of providers tell no versions."""

    etag: str
    version: str

    @classmethod
    def of(cls, blob: BlobObject) -> _Content:
        return cls(blob.etag, blob.version)

    def is_of(self, blob: BlobObject) -> bool:
        return self.etag == blob.etag and self.version in ("", blob.version)


class Mover:
    """Moves jobs one after the other; what fails is tallied and stays where it was."""

    def __init__(self, client: Client, buckets: Buckets, tally: Tally) -> None:
        self._client = client
        self._buckets = buckets
        self._tally = tally

    async def run(self, job: Job) -> None:
        try:
            await self._move(job)
        except (HoldallError, OSError) as error:
            self._tally.fail_with(str(job.source), error)

    async def _move(self, job: Job) -> None:
        source, target = job.source, job.target
        if is_stream(source) or is_stream(target):
            raise InvalidArgument("a stream cannot be moved; use cp")
        if isinstance(source, Blob) and isinstance(target, Blob):
            await self._between(source, target, job.is_directory)
        elif isinstance(source, Blob):
            await self._down(source, target, job.is_directory)
        elif isinstance(source, Local) and isinstance(target, Blob):
            await self._up(source, target, job.is_directory)

    async def _between(self, source: Blob, target: Blob, is_directory: bool) -> None:
        if not is_directory:
            await self._move_blob(source, target)
            return
        below = source.as_directory()

        async def move_entry(entry: BucketEntry) -> None:
            rest = entry.key.removeprefix(below.key)
            await self.run(Job(below.at(entry.key), target.at(target.key + rest)))

        listing = self._buckets.list_blobs(str(below), recursive=True, limit=None)
        async with aclosing(drawn(listing)) as entries:
            await each(entries, move_entry)

    async def _move_blob(self, source: Blob, target: Blob) -> None:
        moved = await self._buckets.move(str(source), str(target))
        if moved.is_file():
            self._tally.finish(str(source), moved.size)

    async def _up(self, source: Local, target: Blob, is_directory: bool) -> None:
        stamps = await to_thread(_stamps, source.path)
        arrivals = Arrivals(self._tally)
        upload = self._buckets.upload_dir if is_directory else self._buckets.upload_file

        async def drop(arrival: StorageProgressComplete) -> None:
            await self._drop_file(arrival.src.path, stamps, str(arrival.dst), arrival.size)

        await _and_drop(upload(Path(source.path), str(target), progress=arrivals), arrivals, drop)
        await to_thread(_remove_empty_folders, source.path)

    async def _drop_file(
        self, path: str, stamps: dict[str, _Stamp], stored: str, size: int
    ) -> None:
        uri = Blob(parse(stored))
        found = await self._buckets.head_blob(uri.bucket, uri.key, **uri.whose)
        unchanged = await to_thread(lambda: stamps.get(path) == _Stamp.of(path))
        if found.size == size and unchanged:
            await to_thread(os.unlink, path)
        else:
            self._stays(path)

    async def _down(self, source: Blob, target: Place, is_directory: bool) -> None:
        contents = await self._contents(source, is_directory)
        arrivals = Arrivals(self._tally)
        path = path_of(target)
        if not is_directory:
            path.parent.mkdir(parents=True, exist_ok=True)
        download = self._buckets.download_dir if is_directory else self._buckets.download_file

        async def drop(arrival: StorageProgressComplete) -> None:
            await self._drop_blob(source.at(parse(arrival.src).key), contents)

        await _and_drop(download(str(source), path, progress=arrivals), arrivals, drop)
        if is_directory:
            await self._drop_markers(source, contents)

    async def _contents(self, source: Blob, is_directory: bool) -> dict[str, _Content]:
        if not is_directory:
            return {source.key: _Content.of(await self._head(source))}
        listing = self._buckets.list_blobs(str(source.as_directory()), recursive=True, limit=None)
        async with aclosing(drawn(listing)) as entries:
            return {e.key: _Content.of(e) async for e in entries if isinstance(e, BlobObject)}

    async def _drop_blob(self, named: Blob, contents: dict[str, _Content]) -> None:
        found, known = await self._head(named), contents.get(named.key)
        if known is None or not known.is_of(found):
            self._stays(str(named))
            return
        try:
            await self._delete(named, found)
        except PreconditionFailed:  # a moment ago
            self._stays(str(named))

    async def _delete(self, named: Blob, found: BlobObject) -> None:
        """On condition that it is still this one, where the store can look and delete at once."""
        place = await self._client.place(str(named))
        able = place.backend.capabilities.conditional_delete
        condition = Precondition(if_match=found.etag) if able else Precondition()
        await place.backend.delete(place.bucket.id, place.key, precondition=condition)

    async def _drop_markers(self, source: Blob, contents: dict[str, _Content]) -> None:
        """Remove what stands for empty directories: those were made and no event tells of it."""
        for key in contents:
            marker = source.at(key)
            with suppress(BlobNotFound):
                if (await self._head(marker)).is_dir() and self._tally.failed == 0:
                    await self._drop_blob(marker, contents)

    async def _head(self, named: Blob) -> BlobObject:
        return await self._buckets.head_blob(named.bucket, named.key, **named.whose)

    def _stays(self, name: str) -> None:
        error = Conflict("it changed while it was copied, and stays where it was")
        self._tally.fail_with(name, error)


async def _and_drop(transfer: Awaitable[object], arrivals: Arrivals, drop: _Drop) -> None:
    """Wait for a transfer, and then drop the source of all that arrived, whatever failed.

    Ctrl-C leaves a moment for it: what is still there then is at both ends, and moved again.
    """
    try:
        await despite_failures(transfer)
    except asyncio.CancelledError:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_MOMENT):
                await each(arrivals.drawn(), drop)
        raise
    except Exception:
        await each(arrivals.drawn(), drop)
        raise
    await each(arrivals.drawn(), drop)


def _stamps(path: str) -> dict[str, _Stamp]:
    """Every file to be moved. Links are refused: what they lead to is not ours to remove."""
    if os.path.islink(path):
        raise InvalidArgument(f"{path} is a symbolic link; copy it with cp", path=path)
    if not os.path.isdir(path):
        return {os.path.abspath(path): _Stamp.of(path)}
    found: dict[str, _Stamp] = {}
    for folder, folders, names in os.walk(os.path.abspath(path)):
        for name in (*folders, *names):
            inside = os.path.join(folder, name)
            if os.path.islink(inside):
                raise InvalidArgument(f"{inside} is a symbolic link; copy with cp -r", path=inside)
        found |= {inside: _Stamp.of(inside) for inside in (os.path.join(folder, n) for n in names)}
    return found


def _remove_empty_folders(path: str) -> None:
    if not os.path.isdir(path):
        return
    for folder, _, _ in os.walk(path, topdown=False):
        with suppress(OSError):  # something in it stays
            os.rmdir(folder)
