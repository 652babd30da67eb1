"""Downloading everything below a name into a local directory, and never outside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from holdall.client.courier import Courier
from holdall.client.download import Download, Manner
from holdall.client.failures import SURVIVABLE, Failures
from holdall.client.filtering import Filters
from holdall.client.folders import make_folder, make_root
from holdall.client.landing import Claims
from holdall.client.listing import list_entries
from holdall.client.local import url_of
from holdall.client.place import Place
from holdall.client.progress import (
    StorageProgressEnterDir,
    StorageProgressLeaveDir,
    StorageProgressSkip,
)
from holdall.client.reporting import Reporter
from holdall.client.route import Route
from holdall.client.targets import why_unsafe
from holdall.client.threads import in_thread
from holdall.client.tree_upload import Filter
from holdall.client.values.entry import BlobCommonPrefix, BlobObject
from holdall.core.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class _Folder:
    """A prefix to download; `relative` is its path below the root, `""` or `a/b/`."""

    prefix: Place
    relative: str
    path: Path


@dataclass(frozen=True, slots=True)
class _Leave:
    """Everything in a directory was dealt with; waits on the stack below its contents."""

    route: Route


class TreeDownload:
    """One run of `download_dir`. Directories one after the other, the files in each at once.

    A directory's files come before its subdirectories, so of a blob `foo` and blobs
    `foo/…` the first is kept and the others are reported. `at` is a time: the bucket as it
    stood then.
    """

    def __init__(
        self,
        root: Place,
        target: Path,
        *,
        manner: Manner,
        wanted: Filter | None,
        at: datetime | None,
        report: Reporter,
        courier: Courier | None = None,
        filters: Filters | None = None,
    ) -> None:
        self._root = root
        self._target = target
        self._manner = manner
        self._wanted = wanted
        self._at = at
        self._report = report
        self._courier = courier or Courier()
        self._filters = filters or Filters()
        self._failures = Failures(report)
        self._claims = Claims()

    async def run(self) -> None:
        """Download everything; what failed is raised together at the end."""
        target = await in_thread(make_root, self._target)
        self._target = target
        stack: list[_Folder | _Leave] = [_Folder(self._root, "", target)]
        while stack:
            step = stack.pop()
            if isinstance(step, _Leave):
                self._report(StorageProgressLeaveDir(step.route.src, step.route.dst))
            else:
                stack.extend(await self._enter(step))
        self._failures.raise_any()

    async def _enter(self, folder: _Folder) -> list[_Folder | _Leave]:
        """Download a directory's own files; what to do next, last first."""
        route = Route(folder.prefix.uri, url_of(folder.path))
        try:
            await in_thread(make_folder, self._target, folder.path)
        except SURVIVABLE as error:
            await self._refuse_below(folder.prefix, error)
            return []
        self._report(StorageProgressEnterDir(route.src, route.dst))
        found: list[_Folder | _Leave] = []
        await self._courier.scheduler.files(
            self._blobs(folder, found), lambda blob: self._download(folder, blob)
        )
        return [_Leave(route), *reversed(found)]

    async def _blobs(
        self, folder: _Folder, found: list[_Folder | _Leave]
    ) -> AsyncGenerator[BlobObject, None]:
        """The blobs right in a folder; its subfolders go to `found`."""
        async for entry in list_entries(folder.prefix, delimiter="/", at=self._at):
            name = entry.key.removeprefix(folder.prefix.key)
            if name == "" and entry.is_dir():
                continue  # the marker of this very directory
            if not await self._is_wanted(folder, entry.key, name):
                continue
            if isinstance(entry, BlobObject):
                yield entry
            elif await self._is_safe_below(folder, entry, name.removesuffix("/")):
                found.append(self._subfolder(folder, entry, name))

    def _subfolder(self, folder: _Folder, entry: BlobCommonPrefix, name: str) -> _Folder:
        path = folder.path / name.removesuffix("/")
        return _Folder(self._root.at(entry.key), folder.relative + name, path)

    async def _is_wanted(self, folder: _Folder, key: str, name: str) -> bool:
        relative = folder.relative + name
        if self._filters.wants(relative) and (self._wanted is None or await self._wanted(relative)):
            return True
        route = self._unplaced(key)
        self._report(StorageProgressSkip(route.src, route.dst, "filtered out"))
        return False

    async def _is_safe_below(self, folder: _Folder, entry: BlobCommonPrefix, segment: str) -> bool:
        reason = why_unsafe(segment, first=folder.relative == "")
        if reason is not None:
            await self._refuse_below(self._root.at(entry.key), reason)
        return reason is None

    async def _refuse_below(self, prefix: Place, why: str | Exception) -> None:
        """Report every blob below a folder that cannot be, each by its name."""
        async for entry in list_entries(prefix, at=self._at):
            error = self._refusal(entry.key, why) if isinstance(why, str) else why
            self._failures.met(self._unplaced(entry.key), error)

    def _refusal(self, key: str, reason: str) -> InvalidArgument:
        bucket = self._root.bucket
        text = f"{key!r} cannot be a file in a directory: {reason}"
        return InvalidArgument(text, bucket=bucket.name or bucket.id, key=key)

    async def _download(self, folder: _Folder, blob: BlobObject) -> None:
        try:
            await self._checked(folder, blob).run(self._manner)
        except SURVIVABLE as error:
            self._failures.met(self._unplaced(blob.key), error)

    def _checked(self, folder: _Folder, blob: BlobObject) -> Download:
        name = blob.key.removeprefix(folder.prefix.key)
        reason = why_unsafe(name, first=folder.relative == "")
        if reason is not None:
            raise self._refusal(blob.key, reason)
        return Download(
            self._root,
            blob,
            folder.path / name,
            report=self._report,
            claims=self._claims,
            # The bucket of an earlier time is read by version, so that nothing newer mixes in.
            revision=blob.version if self._at is not None else None,
            courier=self._courier,
        )

    def _unplaced(self, key: str) -> Route:
        """The route of a key that may have no path: its destination is the whole target."""
        return Route(self._root.at(key).uri, url_of(self._target))
