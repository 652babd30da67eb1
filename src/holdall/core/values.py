"""What crosses the boundary between backends and those who use them: frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

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


@dataclass(frozen=True, slots=True)
class Revision:
    """One immutable content of a blob, or a delete marker in its place.

    `number` counts 0, 1, 2 … in the order written. `version` is opaque and never used
    twice. `created_at` is the time of the commit. `checksums` maps an algorithm's
    lower-case name to the digest in the byte order S3 uses (big-endian for CRCs).
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


@dataclass(frozen=True, slots=True)
class CommonPrefix:
    """All keys of a listing that share `prefix`, which ends with the delimiter."""

    prefix: str


Entry = Revision | CommonPrefix


@dataclass(frozen=True, slots=True)
class Precondition:
    """What must hold of the current blob, decided where the write is decided.

    `if_match` is an entity tag that it must have, `*` for any blob at all;
    `if_none_match` one that it must not have, `*` for "there must be none"
    (RFC 9110, 13.1.1 and 13.1.2). `expect` is the number of the newest revision.
    """

    if_match: str | None = None
    if_none_match: str | None = None
    expect: int | None = None


ALWAYS: Final = Precondition()


@dataclass(frozen=True, slots=True)
class PutOptions:
    """How to store a blob.

    `content_type` None means "guess from the key, else from the first bytes".
    `checksums` names algorithms to compute and keep beside CRC32C, each with the digest
    that the bytes must have, or None.
    """

    content_type: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    checksums: Mapping[str, bytes | None] = field(default_factory=dict)
    precondition: Precondition = ALWAYS


PLAIN: Final = PutOptions()


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """How to copy; None keeps what the source has."""

    content_type: str | None = None
    metadata: Mapping[str, str] | None = None
    tags: Mapping[str, str] | None = None
    precondition: Precondition = ALWAYS


COPY_ALL: Final = CopyOptions()


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
class Deletion:
    """What became of one key in a deletion: the marker made, or the error met."""

    key: str
    marker: Revision | None = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A stored part of an upload; `number` is 1 to 10,000 (S3 UploadPart)."""

    number: int
    size: int
    etag: str
    created_at: datetime
    checksums: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """An upload that was started and neither completed nor aborted."""

    id: str
    key: str
    created_at: datetime


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
    """What a backend can do; the rest raises `NotSupported` before any I/O."""

    versions: bool = True
    time_travel: bool = True
    conditional_put: bool = True
    conditional_delete: bool = True
    atomic_move: bool = True
    uploads: bool = True
    signed_urls: bool = False
    credentials: bool = False
    any_key: bool = True  # every UTF-8 key of 1 to 1024 bytes, byte-exact
