"""What a sync does, as values: one step after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from holdall.transfer.items import Item


class Verb(Enum):
    """What is done with one name."""

    SEND = "send"  # from disk to a bucket
    FETCH = "fetch"  # from a bucket to disk
    COPY = "copy"  # from a bucket to a bucket
    RESTORE = "restore"  # from a bucket's past to its present
    DELETE = "delete"  # at the target
    SKIP = "skip"  # left alone on purpose
    KEEP = "keep"  # made since the time that is restored, and left alone
    REFUSE = "refuse"  # cannot be done; the sync counts it as a failure


@dataclass(frozen=True, slots=True)
class Step:
    """One name, what is done with it, and why; a directory's name ends in `/`.

    `replaces_folder`: a directory is in its place, of which nothing is left but directories.
    """

    verb: Verb
    relative: str
    reason: str
    size: int = 0
    replaces_folder: bool = False
    item: Item | None = field(default=None, compare=False, repr=False)

    @property
    def is_folder(self) -> bool:
        return self.relative.endswith("/")
