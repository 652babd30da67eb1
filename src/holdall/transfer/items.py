"""What is in a place, as both sides of a sync are read: items in the order of their bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from holdall.client.values.entry import BlobObject


class Kind(Enum):
    """What stands under a name."""

    FILE = "file"
    HOLLOW = "hollow"  # a directory without content, its name ending in `/`
    FOLDER = "folder"  # a directory on disk; what it holds comes later, below its name and `/`
    LINK = "link"  # on disk, at a target: it can be replaced or removed, and is like nothing
    EXCLUDED = "excluded"  # left out by a filter, with all below
    ODD = "odd"  # what cannot be transferred, with all below; `reason` says why


@dataclass(frozen=True, slots=True)
class Item:
    """A name below the root of a side. `size` is in bytes, `modified` in seconds since 1970,
    None where nobody knows."""

    relative: str
    kind: Kind
    size: int = 0
    modified: float | None = None
    reason: str = ""
    blob: BlobObject | None = field(default=None, compare=False, repr=False)

    @property
    def order(self) -> bytes:
        """Its place: that of the key's bytes. A name on disk need not be UTF-8."""
        return self.relative.encode(errors="surrogateescape")
