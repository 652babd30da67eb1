"""What `--json` says of buckets, blobs and revisions: one function a thing."""

from __future__ import annotations

from typing import Any

from holdall.client.values.bucket import Bucket
from holdall.client.values.entry import BlobObject, BucketEntry
from holdall.client.values.usage import BucketUsage

Fields = dict[str, Any]


def bucket_fields(bucket: Bucket) -> Fields:
    return {
        "name": bucket.name,
        "id": bucket.id,
        "owner": bucket.owner,
        "uri": bucket.uri,
        "created_at": bucket.created_at,
        "versioning": bucket.versioning,
        "public_access": bucket.public_access,
    }


def entry_fields(entry: BucketEntry) -> Fields:
    """A blob, or a directory of which only the key is known."""
    if isinstance(entry, BlobObject):
        return blob_fields(entry)
    return {"type": "directory", "key": entry.key, "uri": entry.uri}


def blob_fields(blob: BlobObject) -> Fields:
    """`type` is `blob` or, for a delete marker, `marker`; `size` is in bytes."""
    return {
        "type": "marker" if blob.is_marker else "blob",
        "key": blob.key,
        "uri": blob.uri,
        "size": blob.size,
        "modified_at": blob.modified_at,
        "revision": blob.revision,
        "version": blob.version,
        "is_current": blob.is_current,
        "content_type": blob.content_type,
        "etag": blob.etag,
        "metadata": blob.metadata,
        "tags": blob.tags,
    }


def usage_fields(usage: BucketUsage) -> Fields:
    return {
        "bytes": usage.total_bytes,
        "blobs": usage.object_count,
        "revisions": usage.revision_count,
        "revision_bytes": usage.revision_bytes,
        "markers": usage.marker_count,
    }
