"""The unfinished upload in parts that a request names, and how bodies tell of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from holdall.core.errors import UploadNotFound
from holdall.core.values import UploadRecord
from holdall.engine.uploads import EngineUpload
from holdall.s3.errors import S3Error
from holdall.s3.xml import Node
from holdall.server import listing, owning
from holdall.server.buckets import Bucket
from holdall.server.call import Call
from holdall.server.identities import canonical_id

LARGEST_PART: Final = 5 * 1024**3
LEAST_PART: Final = 5 * 1024**2
"""Bytes of every part but the last (S3 multipart upload limits)."""


@dataclass(frozen=True, slots=True)
class Open:
    """An upload that can be added to, and what was said when it was started."""

    upload: EngineUpload
    record: UploadRecord


async def resume(call: Call) -> Open:
    """The upload that the query names. `NoSuchUpload`."""
    upload = await call.store.resume_upload(call.bucket.id, call.key, call.query["uploadId"])
    return Open(upload, await upload.record())


async def resume_allowed(call: Call, action: str, *, writes: bool = False) -> Open:
    """The same. `AccessDenied` unless the caller may, or started it (S3 "Multipart upload API
    and permissions"): who may not is not told whether there is one."""
    try:
        found = await resume(call)
    except UploadNotFound:
        await call.require(action, key=call.key, acl="WRITE", writes=writes)
        raise
    initiated = call.caller.user == found.record.initiator != ""
    await call.require(action, key=call.key, acl="WRITE", writes=writes, initiated=initiated)
    return found


def refuse_large(size: int) -> None:
    """`EntityTooLarge` for a part of more than 5 GiB."""
    if size > LARGEST_PART:
        raise S3Error("EntityTooLarge", ProposedSize=str(size), MaxSizeAllowed=str(LARGEST_PART))


def people(bucket: Bucket, record: UploadRecord) -> list[Node]:
    """Who started it and who will own the object."""
    return [
        ("Initiator", listing.owner(canonical_id(record.initiator), record.initiator)),
        owning.node(bucket, record.attributes),
        ("StorageClass", record.attributes.get("storage-class", "STANDARD")),
    ]
