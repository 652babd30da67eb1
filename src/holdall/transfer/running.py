"""Carrying out the steps of a sync, each kind on the one pair of sides that it fits."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Protocol

from holdall.client.blocks import look
from holdall.client.courier import Courier
from holdall.client.download import Download
from holdall.client.folders import make_folders
from holdall.client.landing import Claims
from holdall.client.place import Place
from holdall.client.progress import StorageProgressComplete, StorageProgressStart
from holdall.client.reading import batches
from holdall.client.reporting import Reporter
from holdall.client.threads import in_thread
from holdall.client.upload import send_file
from holdall.core.errors import Conflict, Corrupt, HoldallError, PreconditionFailed
from holdall.core.values import Precondition, PutOptions, Revision
from holdall.transfer.blob_side import BlobSide
from holdall.transfer.local_side import LocalSide
from holdall.transfer.steps import Step

_ONLY_NEW = PutOptions(precondition=Precondition(if_none_match="*"))
_BATCH = 500
"""Deletions that go to a bucket together."""

Failed = Sequence[tuple[Step, Exception]]


class Runner(Protocol):
    """Does steps. `transfer` is called for many at once, the others for one after the other."""

    async def transfer(self, step: Step) -> None: ...

    def skip(self, step: Step) -> None:
        """Hear of what is as it should be."""

    async def delete(self, step: Step) -> Failed:
        """Delete, now or with others before `finish`. What failed since the last call."""

    async def finish(self) -> Failed:
        """Do what was put off."""


class ToBucket:
    """Deletions at a bucket, which go by the batch."""

    def __init__(self, target: BlobSide) -> None:
        self._target = target
        self._doomed: list[Step] = []

    def skip(self, step: Step) -> None:
        """Nothing in a bucket hangs on it."""

    async def delete(self, step: Step) -> Failed:
        self._doomed.append(step)
        return await self.finish() if len(self._doomed) >= _BATCH else ()

    async def finish(self) -> Failed:
        doomed = {self._target.place_of(step.relative).key: step for step in self._doomed}
        self._doomed = []
        if not doomed:
            return ()
        root = self._target.root
        done = await root.backend.delete_many(root.bucket.id, doomed)
        return [(doomed[each.key], each.error) for each in done if each.error is not None]


class Sending(ToBucket):
    """From disk to a bucket."""

    def __init__(
        self, source: LocalSide, target: BlobSide, courier: Courier, report: Reporter
    ) -> None:
        super().__init__(target)
        self._source = source
        self._courier = courier
        self._report = report

    async def transfer(self, step: Step) -> None:
        place = self._target.place_of(step.relative)
        if step.is_folder:
            await _mark(place)
            return
        path = self._source.path_of(step.relative)
        looked = await in_thread(look, path)
        await send_file(path, looked, place, self._report, self._courier)


class Copying(ToBucket):
    """From a bucket to a bucket: within a store no bytes move, between stores they pass here."""

    def __init__(
        self, source: BlobSide, target: BlobSide, courier: Courier, report: Reporter
    ) -> None:
        super().__init__(target)
        self._source = source
        self._scheduler = courier.scheduler
        self._report = report

    async def transfer(self, step: Step) -> None:
        source, target = (side.place_of(step.relative) for side in (self._source, self._target))
        self._report(StorageProgressStart(source.uri, target.uri, step.size))
        copy = _copy_within if source.backend is target.backend else self._copy_across
        await self._scheduler.request(lambda: copy(step, source, target), self._report)
        self._report(StorageProgressComplete(source.uri, target.uri, step.size))

    async def _copy_across(self, step: Step, source: Place, target: Place) -> None:
        version = _version(step)
        reading = await source.backend.open(source.bucket.id, source.key, revision=version)
        async with reading, aclosing(self._scheduler.passing(batches(reading))) as pieces:
            made = await target.backend.put(
                target.bucket.id, target.key, pieces, options=_options(reading.revision)
            )
        _demand_like(reading.revision, made, target)


class Restoring(ToBucket):
    """From a bucket's past to its present: a revision is made the newest where it is."""

    def __init__(self, target: BlobSide, courier: Courier, report: Reporter) -> None:
        super().__init__(target)
        self._scheduler = courier.scheduler
        self._report = report

    async def transfer(self, step: Step) -> None:
        place = self._target.place_of(step.relative)
        self._report(StorageProgressStart(place.uri, place.uri, step.size))
        await self._scheduler.request(lambda: _restore(step, place), self._report)
        self._report(StorageProgressComplete(place.uri, place.uri, step.size))


class Fetching:
    """From a bucket to disk. Folders that deletions leave empty go at the end."""

    def __init__(
        self, source: BlobSide, target: LocalSide, courier: Courier, report: Reporter
    ) -> None:
        self._source = source
        self._target = target
        self._courier = courier
        self._report = report
        self._claims = Claims()
        self._thinned: set[Path] = set()
        self._wanted: set[Path] = set()
        self._made: set[Path] = set()

    def skip(self, step: Step) -> None:
        if step.is_folder:  # the source has it, and so it stays though it be empty
            self._wanted.add(self._target.path_of(step.relative))

    async def transfer(self, step: Step) -> None:
        path = self._target.path_of(step.relative)
        self.skip(step)
        if step.is_folder or step.replaces_folder or path.parent not in self._made:
            await in_thread(self._make_room, path, step)
        blob = step.item.blob if step.item is not None else None
        if step.is_folder or blob is None:
            return
        download = Download(
            self._source.root,
            blob,
            path,
            report=self._report,
            claims=self._claims,
            revision=_version(step),
            is_listed=not self._source.is_past,
            courier=self._courier,
        )
        await download.replace()

    async def delete(self, step: Step) -> Failed:
        try:
            await in_thread(self._remove, self._target.path_of(step.relative), step.is_folder)
        except (HoldallError, OSError) as error:
            return [(step, error)]
        return ()

    async def finish(self) -> Failed:
        await in_thread(self._remove_empty)
        return ()

    def _make_room(self, path: Path, step: Step) -> None:
        make_folders(self._target.root, path if step.is_folder else path.parent)
        self._made.add(path.parent)
        if step.replaces_folder and path.is_dir() and not path.is_symlink():
            _remove_hollow(path)

    def _remove(self, path: Path, is_folder: bool) -> None:
        if path.parent.resolve() != path.parent:  # a link came between while we looked
            raise Conflict(f"{path} is not below {self._target.root} any more", path=path)
        if is_folder:
            path.rmdir()
        else:
            path.unlink()
        self._thinned.add(path.parent)

    def _remove_empty(self) -> None:
        for folder in sorted(self._thinned, key=lambda each: len(each.parts), reverse=True):
            self._remove_upwards(folder)

    def _remove_upwards(self, folder: Path) -> None:
        while folder != self._target.root and folder not in self._wanted:
            try:
                folder.rmdir()
            except OSError:  # something is in it, or it is gone
                return
            folder = folder.parent


async def _mark(place: Place) -> None:
    """Keep an empty directory as a blob without bytes whose key ends in `/`."""
    with suppress(PreconditionFailed):  # it was marked before
        await place.backend.put(place.bucket.id, place.key, b"", options=_ONLY_NEW)


async def _copy_within(step: Step, source: Place, target: Place) -> None:
    await source.backend.copy(
        source.bucket.id, source.key, target.bucket.id, target.key, revision=_version(step)
    )


async def _restore(step: Step, place: Place) -> None:
    await place.backend.restore(place.bucket.id, place.key, _version(step))


def _version(step: Step) -> str | None:
    """The version that was listed, so that nothing newer is taken for it; None where the
    listing of a provider says nothing of versions."""
    blob = step.item.blob if step.item is not None else None
    return None if blob is None else blob.version or None


def _options(revision: Revision) -> PutOptions:
    return PutOptions(
        content_type=revision.content_type, metadata=revision.metadata, tags=revision.tags
    )


def _demand_like(source: Revision, made: Revision, target: Place) -> None:
    known, actual = source.checksums.get("crc32c"), made.checksums.get("crc32c")
    if made.size != source.size or (known and actual and known != actual):
        raise Corrupt(f"{target.uri} is not what was read", expected=source.size, actual=made.size)


def _remove_hollow(path: Path) -> None:
    """Remove a directory that holds nothing but directories."""
    for folder, _, _ in os.walk(path, topdown=False):
        os.rmdir(folder)
