"""What the target of a transfer was when the transfer was asked for, so that nothing which was
written there since is replaced by finishing it later."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from holdall.client.landing import Claims
from holdall.client.place import Place
from holdall.client.stamps import Stamp
from holdall.core.errors import BlobNotFound, Conflict, PermissionDenied
from holdall.core.values import ALWAYS, Precondition


class TargetChanged(Conflict):
    """The target is not what it was when the transfer was asked for."""


@dataclass(frozen=True, slots=True)
class FileBefore:
    """A local target; None: there was nothing."""

    stamp: Stamp | None

    @classmethod
    def of(cls, path: Path) -> FileBefore:
        """What is there now. Blocks."""
        return cls(stamp_of(path, follow=False))

    def demand(self, path: Path) -> None:
        """`TargetChanged` when the file is not what it was. Blocks."""
        now = FileBefore.of(path)
        if now != self:
            raise _changed(str(path), self.stamp is None, now.stamp is None)


@dataclass(frozen=True, slots=True)
class BlobBefore:
    """A blob as target, by its version and entity tag; both are None where there was none."""

    version: str | None
    etag: str | None

    @classmethod
    async def of(cls, place: Place) -> BlobBefore | None:
        """What is there now; None for those who may write the blob and not look at it."""
        try:
            found = await place.backend.head(place.bucket.id, place.key)
        except BlobNotFound:
            return cls(None, None)
        except PermissionDenied:
            return None
        return cls(found.version, found.etag)

    async def demand(self, place: Place) -> Precondition:
        """`TargetChanged` when the blob is not what it was; else what says the same to the
        backend, where it takes conditions."""
        now = await BlobBefore.of(place)
        if now is not None and now != self:
            raise self.changed(place, is_gone=now.version is None)
        if not place.backend.capabilities.conditional_put:
            return ALWAYS
        if self.version is None:
            return Precondition(if_none_match="*")
        return Precondition(if_match=self.etag or None)

    def changed(self, place: Place, *, is_gone: bool = False) -> TargetChanged:
        return _changed(str(place.uri), self.version is None, is_gone)


class SameTarget(Claims):
    """Replaces a file only while it is what it was."""

    def __init__(self, before: FileBefore) -> None:
        super().__init__()
        self._before = before

    def replace(self, temporary: Path, target: Path) -> None:
        self._before.demand(target)
        super().replace(temporary, target)


def stamp_of(path: Path, *, follow: bool = True) -> Stamp | None:
    """What a file is now; None where there is none. Blocks."""
    try:
        return Stamp.of(os.stat(path, follow_symlinks=follow))
    except (FileNotFoundError, NotADirectoryError):
        return None


def _changed(target: str, was_none: bool, is_none: bool) -> TargetChanged:
    what = "written" if was_none else "removed" if is_none else "changed"
    way = "copy again to replace it, or forget the transfer"
    return TargetChanged(f"{target} was {what} since this transfer began: {way}")
