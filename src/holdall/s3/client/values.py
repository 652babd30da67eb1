"""What the server said, as frozen values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from holdall.core.values import DEFAULT_CONTENT_TYPE
from holdall.s3.times import from_http
from holdall.s3.xml import Element

META: Final = "x-amz-meta-"
EPOCH: Final = datetime.fromtimestamp(0, UTC)
_RANGE: Final = re.compile(r"bytes\s+(\d+)-(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer read whole. `headers` by lower-case name; `xml` where it was asked for."""

    status: int
    headers: Mapping[str, str]
    content: bytes = b""
    xml: Element | None = None

    @property
    def tree(self) -> Element:
        """The body of an answer that was asked for as a tree."""
        assert self.xml is not None
        return self.xml


@dataclass(frozen=True, slots=True)
class Head:
    """What headers say about an object. `size` in bytes is that of the whole object.

    `etag` is without its quotes; `version` is None where the bucket never was versioned.
    """

    size: int
    etag: str
    modified: datetime
    content_type: str
    metadata: Mapping[str, str]
    version: str | None
    headers: Mapping[str, str]

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Head:
        covered = _RANGE.fullmatch(headers.get("content-range", ""))
        return cls(
            size=int(covered[3] if covered else headers.get("content-length", "0")),
            etag=unquoted(headers.get("etag", "")),
            modified=from_http(headers.get("last-modified", "")) or EPOCH,
            content_type=headers.get("content-type", DEFAULT_CONTENT_TYPE),
            metadata={
                name.removeprefix(META): value
                for name, value in headers.items()
                if name.startswith(META)
            },
            version=headers.get("x-amz-version-id"),
            headers=headers,
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """An object, or a marker, that was made. `version` as in `Head`."""

    etag: str
    version: str | None
    headers: Mapping[str, str]

    @classmethod
    def of(cls, answer: Answer, etag: str | None = None) -> Stored:
        tag = answer.headers.get("etag", "") if etag is None else etag
        return cls(unquoted(tag), answer.headers.get("x-amz-version-id"), answer.headers)


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of a deletion: whether it made, or removed, a delete marker, which, and
    when, by the server's clock or else by ours."""

    is_marker: bool
    version: str | None
    at: datetime

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Deleted:
        return cls(
            headers.get("x-amz-delete-marker") == "true",
            headers.get("x-amz-version-id"),
            answered_at(headers),
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """An object, one version of it, or a delete marker, in a listing."""

    key: str
    size: int
    etag: str
    modified: datetime
    version: str | None = None
    is_latest: bool = True
    is_marker: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """One page. `token` continues a listing of objects, `marker` one of versions."""

    entries: tuple[Listed, ...]
    prefixes: tuple[str, ...]
    token: str | None = None
    marker: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ListedBucket:
    """A bucket of the caller's."""

    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SentPart:
    """A part of an upload that the server holds."""

    number: int
    etag: str
    size: int = 0
    modified: datetime = EPOCH


@dataclass(frozen=True, slots=True)
class PartPage:
    """Some parts by number; `after` continues, None at the end."""

    parts: tuple[SentPart, ...]
    after: int | None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An upload that was neither completed nor aborted."""

    key: str
    id: str
    initiated: datetime


@dataclass(frozen=True, slots=True)
class UploadPage:
    """Some uploads by key and id; `after` continues, None at the end."""

    uploads: tuple[Unfinished, ...]
    after: tuple[str, str] | None


def answered_at(headers: Mapping[str, str]) -> datetime:
    """The time of an answer by the server's clock, else by ours."""
    return from_http(headers.get("date", "")) or datetime.now(UTC)


def unquoted(etag: str) -> str:
    return etag.strip().removeprefix("W/").strip('"')


def quoted(etag: str) -> str:
    """An entity tag as conditions want it (RFC 9110, 8.8.3); `*` is no tag."""
    return etag if etag == "*" or etag.startswith(('"', "W/")) else f'"{etag}"'
