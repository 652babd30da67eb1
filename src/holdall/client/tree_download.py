"""Downloading everything below a name into a local directory, and never outside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from holdall.client.courier import Courier
from holdall.client.download import Download, Manner
from holdall.client.entering import Entered
from holdall.client.failures import SURVIVABLE, Failures
from holdall.client.filtering import Filters
from holdall.client.folders import make_folder, make_root
from holdall.client.landing import Claims
from holdall.client.listing import list_entries
from holdall.client.local import url_of
from holdall.client.place import Place
from holdall.client.progress import StorageProgressSkip
from holdall.client.reporting import Reporter
from holdall.client.route import Route
from holdall.client.targets import why_unsafe
from holdall.client.threads import in_thread
from holdall.client.tree_upload import Filter
from holdall.client.values.entry import BlobObject
from holdall.core.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class _Folder:
    """A prefix that keys begin with; `relative` is its path below the root, `""` or `a/b/`.

    `entered` is None where nothing below it is downloaded: it is left out, or, with `refused`,
    cannot be a directory, for a reason in words or after an error.
    """

    prefix: str
    relative: str
    path: Path
    entered: Entered | None = None
    refused: str | Exception | None = None


@dataclass(frozen=True, slots=True)
class _File:
    """A blob right in a directory; `dealt` is set when it is there, or cannot be."""

    blob: BlobObject
    folder: _Folder
    entered: Entered
    dealt: asyncio.Event


class TreeDownload:
    """One run of `download_dir`: one listing, and the files at once, whichever directories they
    are in.

    Keys come in the order of their bytes, so of a blob `foo` and blobs `foo/…` the first is
    kept and the others are reported. `at` is a time: the bucket as it stood then.
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
        self._under_way = dict[str, asyncio.Event]()

    async def run(self) -> None:
        """Download everything; what failed is raised together at the end."""
        self._target = await in_thread(make_root, self._target)
        await self._courier.scheduler.files(self._files(), self._download)
        self._failures.raise_any()

    async def _files(self) -> AsyncGenerator[_File, None]:
        route = Route(self._root.uri, url_of(self._target))
        way = [_Folder(self._root.key, "", self._target, Entered(route, self._report, None))]
        async with aclosing(list_entries(self._root, at=self._at)) as entries:
            async for entry in entries:
                if isinstance(entry, BlobObject):
                    file = await self._file(entry, await self._folder_of(entry.key, way))
                    if file is not None:
                        yield file
        while way:
            _leave(way.pop())

    async def _folder_of(self, key: str, way: list[_Folder]) -> _Folder:
        """Go on from the directories of the key before to those of this one."""
        while not key.startswith(way[-1].prefix):
            _leave(way.pop())
        while way[-1].entered is not None:
            segment, slash, _ = key[len(way[-1].prefix) :].partition("/")
            if not slash:
                break
            way.append(await self._enter(way[-1], way[-1].entered, segment))
        return way[-1]

    async def _enter(self, above: _Folder, parent: Entered, segment: str) -> _Folder:
        prefix, relative = f"{above.prefix}{segment}/", f"{above.relative}{segment}/"
        path = above.path / segment
        if not await self._is_wanted(prefix, relative):
            return _Folder(prefix, relative, path)
        reason = why_unsafe(segment, first=above.relative == "")
        if reason is not None:
            return _Folder(prefix, relative, path, refused=reason)
        if (blob := self._under_way.get(above.prefix + segment)) is not None:
            await blob.wait()  # it comes first, and is a file where this would be a directory
        try:
            await in_thread(make_folder, self._target, path)
        except SURVIVABLE as error:
            return _Folder(prefix, relative, path, refused=error)
        parent.hold()
        route = Route(self._root.at(prefix).uri, url_of(path))
        return _Folder(prefix, relative, path, Entered(route, self._report, parent))

    async def _file(self, blob: BlobObject, folder: _Folder) -> _File | None:
        """What is to be downloaded; None where nothing is."""
        if folder.entered is None:
            if folder.refused is not None:
                self._failures.met(self._unplaced(blob.key), self._refusal(blob, folder.refused))
            return None
        name = blob.key.removeprefix(folder.prefix)
        if name == "" and blob.is_dir():
            return None  # the marker of this very directory
        if not await self._is_wanted(blob.key, folder.relative + name):
            return None
        folder.entered.hold()
        dealt = self._under_way[blob.key] = asyncio.Event()
        return _File(blob, folder, folder.entered, dealt)

    async def _is_wanted(self, key: str, relative: str) -> bool:
        if self._filters.wants(relative) and (self._wanted is None or await self._wanted(relative)):
            return True
        route = self._unplaced(key)
        self._report(StorageProgressSkip(route.src, route.dst, "filtered out"))
        return False

    def _refusal(self, blob: BlobObject, why: str | Exception) -> Exception:
        if isinstance(why, Exception):
            return why
        bucket = self._root.bucket
        text = f"{blob.key!r} cannot be a file in a directory: {why}"
        return InvalidArgument(text, bucket=bucket.name or bucket.id, key=blob.key)

    async def _download(self, file: _File) -> None:
        key = file.blob.key
        try:
            await self._checked(file.blob, file.folder).run(self._manner)
        except SURVIVABLE as error:
            self._failures.met(self._unplaced(key), error)
        self._under_way.pop(key, None)
        file.dealt.set()
        file.entered.release()

    def _checked(self, blob: BlobObject, folder: _Folder) -> Download:
        name = blob.key.removeprefix(folder.prefix)
        reason = why_unsafe(name, first=folder.relative == "")
        if reason is not None:
            raise self._refusal(blob, reason)
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


def _leave(folder: _Folder) -> None:
    """No more keys come that begin with this prefix."""
    if folder.entered is not None:
        folder.entered.release()
