"""The source of a copy: which one a request names, and whether its caller may read it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from holdall.core.errors import BlobNotFound, RevisionNotFound
from holdall.core.values import Revision, Versioning
from holdall.s3.errors import S3Error
from holdall.s3.times import from_http
from holdall.server import buckets
from holdall.server.buckets import Bucket
from holdall.server.call import Call, require_owner
from holdall.server.copy_sources import HEADER, Named, named
from holdall.server.imports import refuse_elsewhere
from holdall.server.objects import version_of
from holdall.server.response import Headers

LARGEST: Final = 5 * 1024**3
"""Bytes that may be copied at once (S3 CopyObject, UploadPartCopy)."""

TRIES: Final = 3

Result = TypeVar("Result")


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


async def source_of(call: Call) -> Source:
    """The revision that is to be copied, with the conditions on it met.

    `NoSuchBucket`, `AccessDenied`, `NoSuchKey`, `NoSuchVersion`, `InvalidRequest` for a
    delete marker that is named by its version, `PreconditionFailed`.
    """
    name = named(call.request.headers[HEADER])
    bucket = await buckets.load(call.engine, name.bucket, call.caller.user)
    require_owner(call, bucket, "x-amz-source-expected-bucket-owner")
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
