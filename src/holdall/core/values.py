"""What crosses the boundary between backends and those who use them: frozen values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final, NamedTuple

DEFAULT_CONTENT_TYPE: Final = "application/octet-stream"
NEWEST: Final = -1


class Versioning(Enum):
    """What a write does with the revision it replaces (S3 PutBucketVersioning)."""

    ENABLED = "enabled"  # keep it
    SUSPENDED = "suspended"  # keep numbered ones, replace the null one
    OFF = "off"  # replace it


@dataclass(frozen=True, slots=True)
class Usage:
    """What a bucket holds. `blobs` and `bytes` speak of current blobs only."""

    blobs: int = 0
    bytes: int = 0
    revisions: int = 0  # contents, current ones included
    revision_bytes: int = 0
    markers: int = 0  # delete markers

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.blobs + other.blobs,
            self.bytes + other.bytes,
            self.revisions + other.revisions,
            self.revision_bytes + other.revision_bytes,
            self.markers + other.markers,
        )

    def __neg__(self) -> Usage:
        return Usage(-self.blobs, -self.bytes, -self.revisions, -self.revision_bytes, -self.markers)


@dataclass(frozen=True, slots=True)
class BucketRecord:
    """A bucket as its backend knows it."""

    id: str
    owner: str
    name: str | None
    created_at: datetime
    versioning: Versioning = Versioning.ENABLED
    public_access: bool = False
    locked: bool = False  # revisions may be kept from being removed (S3 Object Lock)
    provider: str = ""  # who keeps the bytes, where it is not the backend itself


@dataclass(frozen=True, slots=True)
class Revision:
    """One immutable content of a blob, or a delete marker in its place.

    `number` counts 0, 1, 2 … in the order written. `version` is opaque and never used
    twice. `created_at` is the time of the commit. `checksums` maps an algorithm's
    lower-case name to the digest of all bytes, in the byte order S3 uses (big-endian for
    CRCs). `composite` does so for what S3 calls composite checksums: the digest of the
    digests of the `parts` that a finished upload was made of, 0 for everything else.

    `attributes` are what was said of the content besides its metadata, such as
    Cache-Control, and never change. `is_null` marks S3's null version: written while
    versioning was off or suspended; the reference "null" names it.
    """

    key: str
    number: int
    version: str
    size: int
    created_at: datetime
    content_type: str = DEFAULT_CONTENT_TYPE
    etag: str = ""
    checksums: Mapping[str, bytes] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    is_marker: bool = False
    is_current: bool = True
    attributes: Mapping[str, str] = field(default_factory=dict)
    is_null: bool = False
    parts: int = 0
    composite: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CommonPrefix:
    """All keys of a listing that share `prefix`, which ends with the delimiter."""

    prefix: str


class Summary(NamedTuple):
    """What a listing for S3 tells of a blob: a `Revision` in little, made many times faster.

    `second` is the time of its making since 1970 UTC; `checksums` are the names of those that
    are known, "composite-…" for one of the checksums of parts.
    """

    key: str
    second: int
    etag: str
    size: int
    checksums: Collection[str]
    attributes: Mapping[str, str]


Entry = Revision | CommonPrefix


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must hold of the current blob, decided where the write is decided.

    `if_match` is an entity tag that it must have, `*` for any blob at all;
    `if_none_match` one that it must not have, `*` for "there must be none"
    (RFC 9110, 13.1.1 and 13.1.2). `expect` is the number of the newest revision.
    `if_match_size` and `if_match_time` are the size and, to the second, the time of the
    commit that it must have (S3 DeleteObject).
    """

    if_match: str | None = None
    if_none_match: str | None = None
    expect: int | None = None
    if_match_size: int | None = None
    if_match_time: datetime | None = None


ALWAYS: Final = Precondition()


@dataclass(frozen=True, slots=True)
class SourceCondition:
    """What must hold of the source of a copy (S3 CopyObject; RFC 9110, 13.2.2).

    Entity tags as in `Precondition`; a time counts only where there is no tag beside it,
    and to the second.
    """

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: datetime | None = None
    if_unmodified_since: datetime | None = None


ANY_SOURCE: Final = SourceCondition()


@dataclass(frozen=True, slots=True)
class PutOptions:
    """How to store a blob.

    `content_type` None means "guess from the key, else from the first bytes".
    `checksums` names algorithms to compute and keep beside CRC32C, each with the digest
    that the bytes must have, or None. `attributes` stay as they are for ever; `marks` are
    what can change later: "acl", "hold" (ON or OFF) and "retention", the JSON
    {"mode": "GOVERNANCE" or "COMPLIANCE", "until": microseconds since 1970}.
    `brief` says that nobody needs to be told more than key, version, size, entity tag and about
    when: a backend that would have to ask for the rest does not.
    """

    content_type: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    checksums: Mapping[str, bytes | None] = field(default_factory=dict)
    precondition: Precondition = ALWAYS
    attributes: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    brief: bool = False


PLAIN: Final = PutOptions()


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """How to copy; None keeps what the source has. Marks are the copy's own, never copied."""

    content_type: str | None = None
    metadata: Mapping[str, str] | None = None
    tags: Mapping[str, str] | None = None
    precondition: Precondition = ALWAYS
    attributes: Mapping[str, str] | None = None
    marks: Mapping[str, str] = field(default_factory=dict)
    source: SourceCondition = ANY_SOURCE


COPY_ALL: Final = CopyOptions()


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that was made, and what it was made of."""

    revision: Revision
    source: Revision


@dataclass(frozen=True, slots=True)
class Span:
    """A range of bytes, `start` inclusive, `end` exclusive or None for the rest."""

    start: int = 0
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing. `after` continues it (see `Backend.list`), None at its end."""

    entries: tuple[Entry, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class VersionPage:
    """One page of a listing of all revisions. `after` continues it, None at its end.

    `owner` is the bucket's, and so that of every entry whose attributes name no other.
    """

    entries: tuple[Entry, ...]
    after: tuple[str, str | None] | None
    owner: str


@dataclass(frozen=True, slots=True)
class Removal:
    """One wish of many: a key to delete, or one revision of it for good."""

    key: str
    revision: int | str | None = None
    precondition: Precondition = ALWAYS


@dataclass(frozen=True, slots=True)
class Deletion:
    """What became of one key in a deletion: the marker made, or the error met.

    `removed` is the revision that went for good, where one was named.
    """

    key: str
    marker: Revision | None = None
    error: Exception | None = None
    removed: Revision | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A stored part of an upload; `number` is 1 to 10,000 (S3 UploadPart)."""

    number: int
    size: int
    etag: str
    created_at: datetime
    checksums: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartChoice:
    """A part as its sender remembers it: what is None or absent may be anything."""

    number: int
    etag: str | None = None
    checksums: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UploadChecksum:
    """A checksum that a finished upload shall have: `kind` COMPOSITE, of its parts' digests,
    or FULL_OBJECT, of its bytes; `expected` is what it must be, or None."""

    algorithm: str
    kind: str
    expected: bytes | None = None


@dataclass(frozen=True, slots=True)
class CompletedPart:
    """A part that a content was made of: `size` bytes of it, from byte `start` on."""

    number: int
    start: int
    size: int
    checksums: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """An upload that was started and neither completed nor aborted, and what its options said.

    `owner` is the bucket's, `initiator` who started it.
    """

    id: str
    key: str
    created_at: datetime
    initiator: str = ""
    owner: str = ""
    content_type: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UploadPage:
    """One page of a listing of uploads. `after` continues it, None at its end."""

    entries: tuple[UploadRecord | CommonPrefix, ...]
    after: tuple[str, str | None] | None


@dataclass(frozen=True, slots=True)
class Event:
    """A change. `seq` orders all of them; `kind` is a stable word: written, deleted (a delete
    marker), removed (a revision, for good), tagged, marked, bucket_created, bucket_changed or
    bucket_deleted. `bucket` is its id, None when it is gone since; `number` the revision's.
    """

    seq: int
    time: datetime
    kind: str
    bucket: str | None
    key: str | None
    number: int | None
    size: int | None
    actor: str


@dataclass(frozen=True, slots=True)
class EventPage:
    """One page of events. `after` is up to where has been looked, though nothing be found;
    `more` says that there are events beyond."""

    events: tuple[Event, ...]
    after: int
    more: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that `check` found wrong. `kind` is a stable word, `detail` a sentence."""

    kind: str
    detail: str
    bucket: str | None = None
    key: str | None = None
    number: int | None = None
    payload: str | None = None


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep removed, or would remove."""

    abandoned: int = 0  # payloads whose writers died
    deleted: int = 0  # payloads that nothing refers to
    staging: int = 0  # unfinished files


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do. What it cannot do raises `NotSupported` before any I/O, or is as
    the comment says."""

    versions: bool = True
    suspension: bool = True  # of versions, once they are kept
    markers: bool = True
    """What is newest in a history is current: a deletion is a delete marker there, and when the
    current revision is removed the one before it comes to light. Else a deletion shows in no
    history and returns None, and after a removal nothing is current."""
    amendable: bool = True  # a history: one revision can be removed, or have its tags replaced
    numbered: bool = True
    """Revisions have numbers for good, each its own version id, and conditions know them. Else
    numbers are places among the revisions held, the oldest 0, or -1 where nothing told the
    place; only version ids last, and a number from 0 on names none that shall be deleted."""
    time_travel: bool = True
    conditional_put: bool = True
    conditional_copy: bool = True  # of the target
    conditional_delete: bool = True  # by entity tag
    atomic_move: bool = True
    one_winner: bool = True
    """Of many who make a bucket, delete a blob or complete an upload, one alone is told that
    it was done. Else several may be."""
    uploads: bool = True
    uploads_end: bool = True  # one that is over is not found
    small_parts: bool = True  # else all parts but the last have 5 MiB or more
    joined_checksums: bool = True  # a blob made of parts knows the CRC32C of its bytes
    described_listings: bool = True  # else no type, metadata, tags, version and number
    lasting_readings: bool = True  # what is being read outlives its bucket
    kept_usage: bool = True
    """What a bucket holds is known, and an unfinished upload keeps it. Else every blob is listed
    to count it, and uploads go with their bucket."""
    public_access: bool = True
    signed_urls: bool = False
    credentials: bool = False
    embedded: bool = False  # in this process: to read a blob in parts side by side brings nothing
    any_key: bool = True  # every UTF-8 key of 1 to 1024 bytes, byte-exact
    nested_keys: bool = True  # a key and others below it, such as `a`, `a/` and `a/b`
    cheap_pages: bool = True  # of a listing; else each costs what comes before it, too
    any_bucket_name: bool = True  # else 3 of `a-z 0-9 -` or more, and what else its provider takes
    bucket_ids: bool = True  # not their names, so that buckets need none
