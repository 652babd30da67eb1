"""The control plane's documents as the values that backends give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from holdall.backends.remote.failures import kind
from holdall.backends.s3 import said
from holdall.core.errors import HoldallError
from holdall.core.values import (
    BucketRecord,
    CommonPrefix,
    Deletion,
    Page,
    Part,
    Revision,
    UploadRecord,
    Usage,
    Versioning,
)
from holdall.s3.client import Head

Document = Mapping[str, Any]

_PROVIDERS: Final[Mapping[str, str]] = {"s3": "minio"}
"""Whoever speaks S3 and is not Amazon goes by one name."""


def bucket(found: Document) -> BucketRecord:
    return BucketRecord(
        id=found["id"],
        owner=found["owner"],
        name=found["name"],
        created_at=time(found["created_at"]),
        versioning=Versioning(found["versioning"]),
        public_access=found["public"],
        locked=found["locked"],
        provider=_PROVIDERS.get(found["provider"]) or found["provider"],
    )


def head(found: Document) -> Head:
    """What S3 would say of it in headers."""
    return Head(
        size=found["size"],
        etag=found["etag"],
        modified=time(found["created_at"]),
        content_type=found["content_type"],
        metadata=found["metadata"],
        version="null" if found["is_null"] else found["version"],
        headers=found["headers"],
    )


def revision(found: Document) -> Revision:
    """With what no header could carry, and was packed into one, in its place."""
    told = said.revision(found["key"], head(found), found["tags"])
    return replace(
        told,
        number=found["number"],
        version=found["version"],
        checksums={**digests(found["checksums"]), **told.checksums},
        composite=digests(found["composite"]),
        parts=found["parts"],
        is_marker=found["is_marker"],
        is_current=found["is_current"],
        is_null=found["is_null"],
    )


def page(found: Document) -> Page:
    return Page(tuple(_entry(item) for item in found["items"]), found["next"])


def _entry(item: Document) -> Revision | CommonPrefix:
    return CommonPrefix(item["prefix"]) if item["blob"] is None else revision(item["blob"])


def deletion(found: Document) -> Deletion:
    marker = found["marker"]
    error: HoldallError | None = None
    if found["error"] is not None:
        error = kind(found["error"])(found["detail"] or found["error"], key=found["key"])
    return Deletion(found["key"], None if marker is None else revision(marker), error)


def upload(found: Document) -> UploadRecord:
    told = said.revision(found["key"], _described(found), found["tags"])
    return UploadRecord(
        id=found["id"],
        key=found["key"],
        created_at=time(found["created_at"]),
        initiator=found["initiator"],
        owner=found["owner"],
        content_type=found["content_type"],
        metadata=told.metadata,
        tags=found["tags"],
    )


def _described(found: Document) -> Head:
    return Head(0, "", time(found["created_at"]), "", found["metadata"], None, {})


def part(found: Document) -> Part:
    return Part(
        number=found["number"],
        size=found["size"],
        etag=found["etag"],
        created_at=time(found["created_at"]),
        checksums=digests(found["checksums"]),
    )


def usage(found: Document) -> Usage:
    return Usage(
        found["blobs"],
        found["bytes"],
        found["revisions"],
        found["revision_bytes"],
        found["markers"],
    )


def digests(found: Mapping[str, str]) -> dict[str, bytes]:
    return {name: bytes.fromhex(digest) for name, digest in found.items()}


def time(text: str) -> datetime:
    return datetime.fromisoformat(text)
