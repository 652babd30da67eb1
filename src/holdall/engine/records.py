"""Rows of the catalog as the values that callers get, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

from holdall.catalog.tables import buckets
from holdall.catalog.tables.blobs import SummaryRow
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.completed_parts import CompletedPartRow
from holdall.catalog.tables.parts import PartRow
from holdall.catalog.tables.revisions import MARKER, RevisionRow
from holdall.core.errors import InvalidArgument
from holdall.core.values import (
    DEFAULT_CONTENT_TYPE,
    BucketRecord,
    Revision,
    Summary,
    Usage,
    Versioning,
)

NONE: Mapping[str, str] = MappingProxyType({})

COMPOSITE = "composite-"
"""What the name of a checksum of checksums begins with, where it is stored."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

VERSIONING = {
    buckets.OFF: Versioning.OFF,
    buckets.ENABLED: Versioning.ENABLED,
    buckets.SUSPENDED: Versioning.SUSPENDED,
}
VERSIONING_CODE = {value: code for code, value in VERSIONING.items()}


def moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(0, 0, microseconds)


def microseconds_of(time: datetime) -> int:
    if time.tzinfo is None:
        raise InvalidArgument("A time needs its time zone.", actual=time)
    return (time - EPOCH) // timedelta(microseconds=1)


def second_of(time: datetime) -> datetime:
    """The time as headers say it, in whole seconds (RFC 9110, 5.6.7)."""
    return time.replace(microsecond=0)


def bucket_record(row: BucketRow) -> BucketRecord:
    return BucketRecord(
        id=row.uid,
        owner=row.owner,
        name=row.name,
        created_at=moment(row.created),
        versioning=VERSIONING[row.versioning],
        public_access=bool(row.public),
        locked=bool(row.locked),
    )


def version_of(row: RevisionRow) -> str:
    return f"{row.number:x}.{row.token:016x}"


def number_in(version: str) -> int | None:
    """The number a version id speaks of; None when it is no version id of ours."""
    head, dot, tail = version.partition(".")
    try:
        return int(head, 16) if dot and len(head) < 16 and len(tail) == 16 else None
    except ValueError:
        return None


def etag_of(row: RevisionRow | SummaryRow) -> str:
    return row.etag or f"{row.token:016x}{row.id:012x}"


def revision(key: str, row: RevisionRow, *, is_current: bool = True) -> Revision:
    return Revision(  # by position, which takes a third less time than by name
        key,
        row.number,
        version_of(row),
        row.size,
        moment(row.time),
        row.content_type or DEFAULT_CONTENT_TYPE,
        etag_of(row),
        checksums(row),
        unpack(row.metadata),
        unpack(row.tags),
        row.kind == MARKER,
        is_current,
        _shared(row.attributes) if row.attributes else NONE,
        bool(row.is_null),
        row.parts,
        composite(row),
    )


def checksums(row: RevisionRow | PartRow | CompletedPartRow) -> Mapping[str, bytes]:
    return _Checksums(row.checksums, row.crc32c)


class _Checksums(Mapping[str, bytes]):
    """Read from the text in which they are kept when somebody looks: few do."""

    __slots__ = ("_crc32c", "_found", "_text")

    def __init__(self, text: str | None, crc32c: int | None) -> None:
        self._text = text
        self._crc32c = crc32c
        self._found: dict[str, bytes] | None = None

    def _all(self) -> dict[str, bytes]:
        if self._found is None:
            self._found = _digests(self._text)
            if self._crc32c is not None:
                self._found["crc32c"] = self._crc32c.to_bytes(4, "big")
        return self._found

    def __getitem__(self, name: str) -> bytes:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())


def _digests(text: str | None) -> dict[str, bytes]:
    return {
        name: bytes.fromhex(digest)
        for name, digest in unpack(text).items()
        if not name.startswith(COMPOSITE)
    }


def summary(key: str, row: SummaryRow) -> Summary:
    return Summary(
        key,
        row.time // 1_000_000,
        etag_of(row),
        row.size,
        _names_of_checksums(row),
        _shared(row.attributes) if row.attributes else NONE,
    )


def _names_of_checksums(row: SummaryRow) -> list[str]:
    names = _NAMES.findall(row.checksums) if row.checksums is not None else []
    if not row.parts:  # as in `composite`
        names = [name for name in names if not name.startswith(COMPOSITE)]
    return names if row.crc32c is None else [*names, "crc32c"]


_NAMES = re.compile('"([^"]+)":')
"""Of a JSON object whose values are hexadecimal: to parse it takes four times as long."""


def composite(row: RevisionRow) -> Mapping[str, bytes]:
    """The checksums of its parts' checksums, which are kept among the others."""
    if row.checksums is None or not row.parts:
        return {}
    return {
        name.removeprefix(COMPOSITE): bytes.fromhex(text)
        for name, text in unpack(row.checksums).items()
        if name.startswith(COMPOSITE)
    }


def whole_checksums(row: RevisionRow) -> str | None:
    """What is stored of its checksums, without those that speak of its parts."""
    if row.checksums is None or not row.parts:
        return row.checksums
    kept = unpack(row.checksums).items()
    return pack({name: text for name, text in kept if not name.startswith(COMPOSITE)})


_encode = json.JSONEncoder(separators=(",", ":")).encode  # `dumps` would make one every time


def pack(mapping: Mapping[str, str]) -> str | None:
    return _encode(dict(mapping)) if mapping else None


def pack_digests(digests: Mapping[str, str]) -> str | None:
    """As `pack`, of names and hexadecimal digits, which hold nothing to escape."""
    pairs = [f'"{name}":"{digest}"' for name, digest in digests.items()]
    return f"{{{','.join(pairs)}}}" if pairs else None


def unpack(text: str | None) -> Mapping[str, str]:
    return json.loads(text) if text else {}


@lru_cache(maxsize=4096)
def _shared(text: str) -> Mapping[str, str]:
    """The attributes of many revisions are the same; nobody may change what all have."""
    return MappingProxyType(json.loads(text))


def as_current(row: RevisionRow | None) -> Usage:
    """What a revision adds to a bucket's usage by being the current one."""
    return Usage(blobs=1, bytes=row.size) if row and row.kind != MARKER else NOTHING


def as_kept(row: RevisionRow) -> Usage:
    """What a revision adds to a bucket's usage by being there."""
    if row.kind == MARKER:
        return Usage(markers=1)
    return Usage(revisions=1, revision_bytes=row.size)


def replaced_by(old: RevisionRow | None, new: RevisionRow) -> Usage:
    """What a new current revision changes; the old one is kept."""
    if old is None and new.kind != MARKER:  # so common that it is worth one object, not four
        return Usage(1, new.size, 1, new.size)
    return as_kept(new) + as_current(new) + -as_current(old)


NOTHING = Usage()
