"""By what a sync tells that a file has to be transferred: pure decisions on two items."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from holdall.client.values.entry import BlobObject
from holdall.transfer.items import Item, Kind

_OF_CONTENT: Final = re.compile(r"[0-9a-f]{32}(-[0-9]+)?")  # MD5, or S3's of several parts


@dataclass(frozen=True, slots=True)
class Rules:
    """`delete`: what only the target has goes. `checksum`: contents are compared. `update`:
    a target that is not older stays, whatever its size. Else a file is transferred when its
    size differs or when it was modified after the target was written. `always` goes before
    them: every file is transferred. `own_past` goes before all of these: the source is what the
    target was, and a blob stays only while nothing of it differs.
    """

    delete: bool = False
    update: bool = False
    checksum: bool = False
    always: bool = False
    own_past: bool = False

    def asks_for_content(self, source: Item | None, target: Item | None) -> bool:
        """Whether these two can only be told apart by their content."""
        if self.always or self.own_past or not self.checksum:
            return False
        if source is None or target is None:
            return False
        return source.kind is target.kind is Kind.FILE and source.size == target.size

    def difference(self, source: Item, target: Item, same: bool | None) -> str | None:
        """Why the target is not as the source is; None when it is. `same` tells of contents."""
        if self.own_past:
            return None if _is_as_it_was(source.blob, target.blob) else "changed since"
        if source.kind is not target.kind:
            return "is something else"
        if self.always:
            return "replaced"
        if self.checksum:
            return None if same else "content differs"
        if not self.update and source.size != target.size:
            return "size differs"
        return None if _is_current(source, target) else "newer"

    @property
    def likeness(self) -> str:
        """What is said of a target that is as the source is."""
        if self.own_past:
            return "as it was"
        if self.checksum:
            return "same content"
        return "not older" if self.update else "same size, not older"

    @property
    def lack(self) -> str:
        """What is said of a file that only the source has."""
        return "deleted since" if self.own_past else "new"

    @property
    def surplus(self) -> str:
        """What is said of a file that only the target has."""
        return "made since" if self.own_past else "not at the source"


def _is_current(source: Item, target: Item) -> bool:
    if source.modified is None or target.modified is None:
        return False
    return target.modified >= source.modified


def _is_as_it_was(then: BlobObject | None, now: BlobObject | None) -> bool:
    if then is None or now is None:
        return False
    return then.version == now.version or (_is_known(then) and _traits(then) == _traits(now))


def _is_known(blob: BlobObject) -> bool:
    return bool(blob.checksums) or _digest(blob) is not None


def _traits(blob: BlobObject) -> tuple[object, ...]:
    """What a revision that was restored has in common with the one that it was made from."""
    told = (dict(blob.checksums), dict(blob.metadata), dict(blob.tags))
    return blob.size, _digest(blob), blob.content_type, told


def _digest(blob: BlobObject) -> str | None:
    """The entity tag where it is made of the content; others are new with every revision."""
    return blob.etag if _OF_CONTENT.fullmatch(blob.etag) else None
