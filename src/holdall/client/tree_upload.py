"""Uploading a local directory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from holdall.client.courier import Courier
from holdall.client.failures import SURVIVABLE, Failures
from holdall.client.filtering import Filters
from holdall.client.local import url_of
from holdall.client.place import Place
from holdall.client.progress import (
    StorageProgressEnterDir,
    StorageProgressLeaveDir,
    StorageProgressSkip,
)
from holdall.client.reporting import Reporter
from holdall.client.route import Route
from holdall.client.scanning import Identity, Scanned, identify, scan
from holdall.client.threads import in_thread
from holdall.client.upload import upload_file
from holdall.core.errors import Conflict, PreconditionFailed
from holdall.core.values import Precondition, PutOptions

Filter = Callable[[str], Awaitable[bool]]

_ONLY_NEW = PutOptions(precondition=Precondition(if_none_match="*"))


@dataclass(frozen=True, slots=True)
class _Folder:
    """A directory to upload; `relative` is its path below the root, `""` or `a/b/`."""

    path: Path
    relative: str
    identity: Identity
    parent: _Folder | None = None

    def leads_back(self) -> bool:
        """Whether this is a directory that it is itself in, reached through a link."""
        above = self.parent
        while above is not None:
            if above.identity == self.identity:
                return True
            above = above.parent
        return False


@dataclass(frozen=True, slots=True)
class _Leave:
    """Everything in a directory was dealt with; waits on the stack below its contents."""

    route: Route


class TreeUpload:
    """One run of `upload_dir`. Directories one after the other, the files in each at once.

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
        stack: list[_Folder | _Leave] = [_Folder(path, "", await in_thread(identify, path))]
        while stack:
            step = stack.pop()
            if isinstance(step, _Leave):
                self._report(StorageProgressLeaveDir(step.route.src, step.route.dst))
            else:
                stack.extend(await self._enter(step))
        self._failures.raise_any()

    async def _enter(self, folder: _Folder) -> list[_Folder | _Leave]:
        """Upload a directory's own files; what to do next, last first."""
        route = self._route(folder, "")
        try:
            scanned = await in_thread(self._look, folder)
        except SURVIVABLE as error:
            self._failures.met(route, error)
            return []
        self._report(StorageProgressEnterDir(route.src, route.dst))
        for name, odd in scanned.odd:
            await self._fail_if_wanted(folder, name, odd)
        await self._courier.scheduler.files(
            self._files(folder, scanned), lambda name: self._upload(folder, name)
        )
        if scanned.is_empty:
            await self._mark(folder)
        return [_Leave(route), *reversed([sub async for sub in self._folders(folder, scanned)])]

    def _look(self, folder: _Folder) -> Scanned:
        if folder.leads_back():
            raise Conflict(f"{folder.path} leads back to a directory it is in", path=folder.path)
        scanned = scan(folder.path)
        self._filters.learn(folder.path, folder.relative, scanned.files)
        return scanned

    async def _files(self, folder: _Folder, scanned: Scanned) -> AsyncGenerator[str, None]:
        for name in scanned.files:
            if await self._is_wanted(folder, name):
                yield name

    async def _folders(
        self, folder: _Folder, scanned: Scanned
    ) -> AsyncGenerator[_Folder | _Leave, None]:
        for name, identity in scanned.folders:
            if await self._is_wanted(folder, name + "/"):
                relative = f"{folder.relative}{name}/"
                yield _Folder(folder.path / name, relative, identity, folder)

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
