"""By what a sync tells that a file has to be transferred: pure decisions on two items."""

from __future__ import annotations

from dataclasses import dataclass

from holdall.transfer.items import Item, Kind


@dataclass(frozen=True, slots=True)
class Rules:
    """`delete`: what only the target has goes. `checksum`: contents are compared. `update`:
    a target that is not older stays, whatever its size. Else a file is transferred when its
    size differs or when it was modified after the target was written. `always` goes before
    them: every file is transferred.
    """

    delete: bool = False
    update: bool = False
    checksum: bool = False
    always: bool = False

    def asks_for_content(self, source: Item | None, target: Item | None) -> bool:
        """Whether these two can only be told apart by their content."""
        if self.always or not self.checksum or source is None or target is None:
            return False
        return source.kind is target.kind is Kind.FILE and source.size == target.size

    def difference(self, source: Item, target: Item, same: bool | None) -> str | None:
        """Why the target is not as the source is; None when it is. `same` tells of contents."""
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
        if self.checksum:
            return "same content"
        return "not older" if self.update else "same size, not older"


def _is_current(source: Item, target: Item) -> bool:
    if source.modified is None or target.modified is None:
        return False
    return target.modified >= source.modified
