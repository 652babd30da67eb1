"""Uploading a local directory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from holdall.client.courier import Courier
from holdall.client.entering import Entered
from holdall.client.failures import SURVIVABLE, Failures
from holdall.client.filtering import Filters
from holdall.client.local import url_of
from holdall.client.place import Place
from holdall.client.progress import StorageProgressSkip
from holdall.client.reporting import Reporter
from holdall.client.route import Route
from holdall.client.scanning import Identity, Scanned, identify, scan
from holdall.client.threads import in_thread
from holdall.client.upload import upload_file
from holdall.core.errors import Conflict, PreconditionFailed
from holdall.core.values import Precondition, PutOptions

Filter = Callable[[str], Awaitable[bool]]

_ONLY_NEW = PutOptions(precondition=Precondition(if_none_match="*"), brief=True)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A directory to upload; `relative` is its path below the root, `""` or `a/b/`, and
    `within` what it is held by until it is left."""

    path: Path
    relative: str
    identity: Identity
    parent: _Folder | None = None
    within: Entered | None = None

    def leads_back(self) -> bool:
        """Whether this is a directory that it is itself in, reached through a link."""
        above = self.parent
        while above is not None:
            if above.identity == self.identity:
                return True
            above = above.parent
        return False


@dataclass(frozen=True, slots=True)
class _File:
    """What is to be stored: a file in a directory, or, without a name, that it is empty."""

    folder: _Folder
    entered: Entered
    name: str = ""


class TreeUpload:
    """One run of `upload_dir`. Directories are looked into one after the other, just ahead of
    the files that are sent at once, whichever directories these are in.

    An own stack instead of recursion: a tree may be deeper than Python's.
    """

    def __init__(
        self,
        root: Place,
        *,
        update: bool,
        wanted: Filter | None,
        report: Reporter,
        courier: Courier | None = None,
        filters: Filters | None = None,
    ) -> None:
        self._root = root.as_folder()
        self._update = update
        self._wanted = wanted
        self._report = report
        self._courier = courier or Courier()
        self._filters = filters or Filters()
        self._failures = Failures(report)

    async def run(self, path: Path) -> None:
        """Upload everything below `path`; what failed is raised together at the end."""
        root = _Folder(path, "", await in_thread(identify, path))
        await self._courier.scheduler.files(self._below(root), self._store)
        self._failures.raise_any()

    async def _below(self, root: _Folder) -> AsyncGenerator[_File, None]:
        """What is to be stored, a directory's own files before those of the ones in it."""
        stack = [root]
        while stack:
            async with aclosing(self._within(stack.pop(), stack)) as files:
                async for file in files:
                    yield file

    async def _within(self, folder: _Folder, stack: list[_Folder]) -> AsyncGenerator[_File, None]:
        """A directory's own files; the directories in it go onto the stack, last first."""
        route = self._route(folder, "")
        try:
            scanned = await in_thread(self._look, folder)
        except SURVIVABLE as error:
            self._failures.met(route, error)
            if folder.within is not None:
                folder.within.release()
            return
        entered = Entered(route, self._report, folder.within)
        for name, odd in scanned.odd:
            await self._fail_if_wanted(folder, name, odd)
        async with aclosing(self._files(folder, scanned, entered)) as files:
            async for file in files:
                yield file
        stack += reversed([sub async for sub in self._folders(folder, scanned, entered)])
        entered.release()

    def _look(self, folder: _Folder) -> Scanned:
        if folder.leads_back():
            raise Conflict(f"{folder.path} leads back to a directory it is in", path=folder.path)
        scanned = scan(folder.path)
        self._filters.learn(folder.path, folder.relative, scanned.files)
        return scanned

    async def _files(
        self, folder: _Folder, scanned: Scanned, entered: Entered
    ) -> AsyncGenerator[_File, None]:
        for name in scanned.files:
            if await self._is_wanted(folder, name):
                entered.hold()
                yield _File(folder, entered, name)
        if scanned.is_empty:
            entered.hold()
            yield _File(folder, entered)

    async def _folders(
        self, folder: _Folder, scanned: Scanned, entered: Entered
    ) -> AsyncGenerator[_Folder, None]:
        for name, identity in scanned.folders:
            if await self._is_wanted(folder, name + "/"):
                relative = f"{folder.relative}{name}/"
                entered.hold()
                yield _Folder(folder.path / name, relative, identity, folder, entered)

    async def _is_wanted(self, folder: _Folder, name: str) -> bool:
        relative = folder.relative + name
        if self._filters.wants(relative) and (self._wanted is None or await self._wanted(relative)):
            return True
        route = self._route(folder, name)
        self._report(StorageProgressSkip(route.src, route.dst, "filtered out"))
        return False

    async def _fail_if_wanted(self, folder: _Folder, name: str, error: Exception) -> None:
        if await self._is_wanted(folder, name):
            self._failures.met(self._route(folder, name), error)

    async def _store(self, file: _File) -> None:
        if file.name:
            await self._upload(file.folder, file.name)
        else:
            await self._mark(file.folder)
        file.entered.release()

    async def _upload(self, folder: _Folder, name: str) -> None:
        place = self._place(folder, name)
        try:
            await upload_file(
                folder.path / name,
                place,
                update=self._update,
                report=self._report,
                courier=self._courier,
            )
        except SURVIVABLE as error:
            self._failures.met(self._route(folder, name), error)

    async def _mark(self, folder: _Folder) -> None:
        """Keep an empty directory as a blob without bytes whose key ends in `/`."""
        place = self._place(folder, "")
        if not place.key:
            return
        try:
            await place.backend.put(place.bucket.id, place.key, b"", options=_ONLY_NEW)
        except PreconditionFailed:
            return  # it was marked before
        except SURVIVABLE as error:
            self._failures.met(self._route(folder, ""), error)

    def _place(self, folder: _Folder, name: str) -> Place:
        return self._root.at(self._root.key + folder.relative + name)

    def _route(self, folder: _Folder, name: str) -> Route:
        # A file name that is not UTF-8 has no key; its failure still needs a name.
        shown = (folder.relative + name).encode(errors="backslashreplace").decode()
        return Route(url_of(folder.path / name), self._root.at(self._root.key + shown).uri)
