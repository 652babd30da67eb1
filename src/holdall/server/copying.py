"""The source of a copy: which one a request names, and whether its caller may read it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, TypeVar
from urllib.parse import unquote_to_bytes

from holdall.core.errors import BlobNotFound, RevisionNotFound
from holdall.core.values import Revision, Versioning
from holdall.s3.errors import S3Error
from holdall.s3.times import from_http
from holdall.server import buckets
from holdall.server.buckets import Bucket
from holdall.server.call import Call
from holdall.server.imports import refuse_elsewhere
from holdall.server.objects import version_of
from holdall.server.response import Headers

HEADER: Final = "x-amz-copy-source"
LARGEST: Final = 5 * 1024**3
"""Bytes that may be copied at once (S3 CopyObject, UploadPartCopy)."""

TRIES: Final = 3

Result = TypeVar("Result")

_BAD_ESCAPE = re.compile(b"%(?![0-9A-Fa-f]{2})")


class Named(NamedTuple):
    """What the header names; `version` None for the current one."""

    bucket: str
    key: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """A revision that the caller may read. It never changes, so what was decided of it holds."""

    bucket: Bucket
    named: Named
    revision: Revision

    @property
    def headers(self) -> Headers:
        """`x-amz-copy-source-version-id`, where the source has versions."""
        if self.bucket.versioning is Versioning.OFF:
            return []
        return [("x-amz-copy-source-version-id", version_of(self.revision))]


async def settled(call: Call, use: Callable[[Source], Awaitable[Result]]) -> tuple[Source, Result]:
    """What `use` makes of the source; where that was replaced or deleted since it was looked
    at, of what is there now. `OperationAborted` for one that never rests."""
    for _ in range(TRIES):
        source = await source_of(call)
        try:
            return source, await use(source)
        except (BlobNotFound, RevisionNotFound):
            continue
    raise S3Error("OperationAborted")


def named(header: str) -> Named:
    """`bucket/key` or `/bucket/key`, percent-encoded, and `?versionId=` after it.

    `InvalidArgument` for anything else (S3 CopyObject).
    """
    path, mark, version = header.partition("?versionId=")
    if mark and not version:
        raise _invalid("Version id cannot be the empty string", header)
    bucket, slash, key = _decoded(path, header).removeprefix("/").partition("/")
    if not (bucket and slash and key):
        raise _invalid(
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey", header
        )
    return Named(bucket, key, version or None)


def _decoded(path: str, header: str) -> str:
    raw = path.encode("latin-1").replace(b"+", b" ")  # S3 reads it as it reads a query
    try:
        if _BAD_ESCAPE.search(raw):
            raise ValueError(path)
        return unquote_to_bytes(raw).decode()
    except ValueError as error:
        raise _invalid("Invalid copy source encoding.", header) from error


def _invalid(message: str, value: str) -> S3Error:
    return S3Error("InvalidArgument", message, ArgumentName=HEADER, ArgumentValue=value)


async def source_of(call: Call) -> Source:
    """The revision that is to be copied, with the conditions on it met.

    `NoSuchBucket`, `AccessDenied`, `NoSuchKey`, `NoSuchVersion`, `InvalidRequest` for a
    delete marker that is named by its version, `PreconditionFailed`.
    """
    name = named(call.request.headers[HEADER])
    bucket = await buckets.load(call.engine, name.bucket, call.caller.user)
    action = "s3:GetObject" if name.version is None else "s3:GetObjectVersion"
    await call.require(action, key=name.key, acl="READ", version=name.version, bucket=bucket)
    refuse_elsewhere(bucket)
    revision = await _found(call, bucket, name)
    check_conditions(call.request.headers, revision)
    return Source(bucket, name, revision)


async def _found(call: Call, bucket: Bucket, name: Named) -> Revision:
    try:
        revision = await call.store.head(bucket.id, name.key, revision=name.version)
    except (BlobNotFound, RevisionNotFound):
        raise await _absent(call, bucket, name) from None
    if revision.is_marker:
        raise S3Error(
            "InvalidRequest",
            "The source of a copy request may not specifically refer to a delete marker by"
            " version id.",
        )
    return revision


async def _absent(call: Call, bucket: Bucket, name: Named) -> S3Error:
    """404, or 403 for those who may not know what the bucket holds."""
    if not await call.may("s3:ListBucket", acl="READ", bucket=bucket):
        return S3Error("AccessDenied")
    if name.version is None:
        return S3Error("NoSuchKey", Key=name.key)
    return S3Error("NoSuchVersion", Key=name.key, VersionId=name.version)


def check_conditions(headers: Mapping[str, str], revision: Revision) -> None:
    """The four conditions on a source (S3 CopyObject): a date counts only where there is no
    entity tag beside it. `PreconditionFailed`, of which S3 makes no 304 here."""
    prefix = f"{HEADER}-if-"
    match, none_match = headers.get(prefix + "match"), headers.get(prefix + "none-match")
    if match is not None:
        _demand(_lists(match, revision.etag), prefix + "match")
    elif (unless := _date(headers, prefix + "unmodified-since")) is not None:
        _demand(not _is_after(revision, unless), prefix + "unmodified-since")
    if none_match is not None:
        _demand(not _lists(none_match, revision.etag), prefix + "none-match")
    elif (since := _date(headers, prefix + "modified-since")) is not None:
        _demand(_is_after(revision, since), prefix + "modified-since")


def _demand(holds: bool, condition: str) -> None:
    if not holds:
        raise S3Error("PreconditionFailed", Condition=condition)


def _lists(header: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")]
    return "*" in tags or etag in tags


def _date(headers: Mapping[str, str], name: str) -> datetime | None:
    """A date that cannot be read is no condition (RFC 9110, 13.1.3)."""
    text = headers.get(name)
    return None if text is None else from_http(text)


def _is_after(revision: Revision, time: datetime) -> bool:
    return revision.created_at.replace(microsecond=0) > time
