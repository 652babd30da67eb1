"""What `find` looks for: conditions on blobs and on the directories above them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from holdall.cli import durations
from holdall.cli.sizes import bytes_of
from holdall.client.values.entry import BlobCommonPrefix, BucketEntry
from holdall.core.errors import InvalidArgument
from holdall.core.globs import translate


class Kind(Enum):
    """What an entry is; blobs are files to those who look at directories."""

    FILE = "f"
    DIRECTORY = "d"


@dataclass(frozen=True, slots=True)
class SizeRange:
    """Sizes from `low` to `high` bytes, both included."""

    low: float = 0
    high: float = float("inf")

    @classmethod
    def parse(cls, text: str) -> SizeRange:
        """`+10M` is more than that, `-10M` less, `10M` just that. `InvalidArgument`."""
        sign = text[:1] if text.startswith(("+", "-")) else ""
        size = bytes_of(text.removeprefix(sign))
        if size is None:
            raise InvalidArgument(f"{text!r} is no size such as +10M, -500k or 0", actual=text)
        if sign == "+":
            return cls(low=size + 1)
        return cls(high=size - 1) if sign == "-" else cls(size, size)


@dataclass(frozen=True, slots=True)
class Wanted:
    """All of these hold; None stands for no condition. Sizes and times are those of blobs."""

    name: re.Pattern[str] | None = None
    kind: Kind | None = None
    size: SizeRange | None = None
    newer: datetime | None = None
    older: datetime | None = None

    def __contains__(self, entry: BucketEntry) -> bool:
        kind = Kind.DIRECTORY if entry.is_dir() else Kind.FILE
        if self.kind not in (None, kind):
            return False
        if self.name is not None and self.name.fullmatch(entry.name) is None:
            return False
        return kind is Kind.DIRECTORY or self._fits(entry)

    @property
    def takes_directories(self) -> bool:
        measured = self.size or self.newer or self.older
        return self.kind is not Kind.FILE and measured is None

    def _fits(self, entry: BucketEntry) -> bool:
        if self.size is not None and not self.size.low <= entry.size <= self.size.high:
            return False
        if self.newer is None and self.older is None:
            return True
        at = entry.modified_at
        return at is not None and (self.newer or at) <= at <= (self.older or at)


def name_pattern(text: str) -> re.Pattern[str]:
    """A pattern of names; `InvalidArgument` for one of paths, which would match nothing."""
    if "/" in text:
        raise InvalidArgument(f"--name {text!r} is matched with names, which hold no /")
    return translate(text)


def moment_of(text: str, *, now: datetime | None = None) -> datetime:
    """`30d` is so long ago, an ISO 8601 time is itself. `InvalidArgument`."""
    try:
        return (now or datetime.now(UTC)) - timedelta(seconds=durations.seconds(text))
    except InvalidArgument:
        pass
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as error:
        message = f"{text!r} is neither a length of time such as 30d nor a time such as 2026-05-17"
        raise InvalidArgument(message, actual=text) from error


class Directories:
    """Finds the directories of a listing in byte order: what is below one comes in a row."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._last = top

    def new(self, entry: BucketEntry) -> list[BlobCommonPrefix]:
        """Those of the entry's key that no entry before it was in, the outermost first."""
        parents = self._parents(entry.key)
        found = [parent for parent in parents if not self._last.startswith(parent)]
        self._last = entry.key
        return [BlobCommonPrefix(key=parent, bucket=entry.bucket) for parent in found]

    def _parents(self, key: str) -> list[str]:
        ends = (place + 1 for place, char in enumerate(key) if char == "/")
        return [key[:end] for end in ends if end > len(self._top)]
