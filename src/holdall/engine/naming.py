"""From the names in a call to rows: the bucket, and the revision that is meant."""

from __future__ import annotations

from functools import lru_cache

from holdall.catalog.tables import blobs, buckets, revisions
from holdall.catalog.tables.blobs import BlobRow, Target
from holdall.catalog.tables.buckets import Address, BucketRow
from holdall.catalog.tables.revisions import CONTENT, MARKER, RevisionRow
from holdall.catalog.transaction import Reads
from holdall.core.errors import BlobNotFound, BucketNotFound, RevisionNotFound
from holdall.core.names import BucketRef, parse_bucket_ref
from holdall.engine.records import number_in, revision, version_of

RevisionRef = int | str | None
NULL = "null"
"""Names the revision that was written without versioning (S3's null version)."""
FAR = 2**62
"""Beyond every number; what is larger would not fit into the tables."""

bucket_ref = lru_cache(maxsize=1024)(parse_bucket_ref)


def find_bucket(reads: Reads, ref: BucketRef, owner: str) -> BucketRow:
    """The bucket meant by `ref` when `owner` asks. `BucketNotFound`."""
    row = buckets.at(reads, address_of(ref, owner))
    if row is None:
        raise _no_bucket(ref)
    return row


def find_target(reads: Reads, ref: BucketRef, owner: str, key: bytes) -> tuple[BucketRow, Target]:
    """The bucket, and what a write to a key of it meets. `BucketNotFound`."""
    found = blobs.target_at(reads, address_of(ref, owner), key)
    if found is None:
        raise _no_bucket(ref)
    return found


def address_of(ref: BucketRef, owner: str) -> Address:
    """The bucket meant by `ref` when `owner` asks."""
    return (str(ref.id),) if ref.name is None else (ref.owner or owner, ref.name)


def _no_bucket(ref: BucketRef) -> BucketNotFound:
    shown = ref.id or (f"{ref.owner}/{ref.name}" if ref.owner else ref.name)
    return BucketNotFound(f"There is no bucket {shown}.", bucket=shown)


def find_revision(
    reads: Reads, bucket: BucketRow, key: bytes, wanted: RevisionRef
) -> tuple[RevisionRow, bool]:
    """The revision meant, and whether it is the current one.

    Without `wanted` a deleted blob is `BlobNotFound`; with it, markers can be named.
    """
    if wanted is None:
        row = blobs.current(reads, bucket.id, key)
        if row is None:
            raise no_blob(bucket, key, blobs.target(reads, bucket.id, key).current)
        return row, True
    blob = blobs.find(reads, bucket.id, key)
    if blob is None:
        raise no_blob(bucket, key)
    row = _revision(reads, blob, wanted)
    if row is None:
        raise _no_revision(reads, bucket, key, blob, wanted)
    return row, row.number == blob.current


def _revision(reads: Reads, blob: BlobRow, wanted: int | str) -> RevisionRow | None:
    if wanted == NULL:
        return revisions.null_of(reads, blob.chain)
    if isinstance(wanted, str):
        number = number_in(wanted)
        row = None if number is None else revisions.by_number(reads, blob.chain, number)
        return row if row and version_of(row) == wanted else None
    if abs(wanted) > FAR:
        return None
    if wanted < 0:
        return revisions.newest_content(reads, blob.chain, -wanted - 1)
    return revisions.by_number(reads, blob.chain, wanted)


def require_content(row: RevisionRow, bucket: BucketRow, key: bytes) -> RevisionRow:
    """Refuse a delete marker where bytes are needed; the error's fact `marker` is that one."""
    if row.kind == MARKER:
        raise RevisionNotFound(
            f"Revision {row.number} of {key.decode()!r} is a delete marker.",
            bucket=bucket.shown,
            key=key.decode(),
            revision=row.number,
            marker=revision(key.decode(), row),
        )
    return row


def no_blob(bucket: BucketRow, key: bytes, marker: RevisionRow | None = None) -> BlobNotFound:
    """The error; its fact `marker` is the delete marker in the blob's place, if any."""
    return BlobNotFound(
        f"There is no blob {key.decode()!r} in bucket {bucket.shown}.",
        bucket=bucket.shown,
        key=key.decode(),
        marker=marker and revision(key.decode(), marker),
    )


def _no_revision(
    reads: Reads, bucket: BucketRow, key: bytes, blob: BlobRow, wanted: int | str
) -> RevisionNotFound:
    kept = revisions.count(reads, blob.chain, CONTENT)
    return RevisionNotFound(
        f"Blob {key.decode()!r} has no revision {wanted!r}; it has {kept}.",
        bucket=bucket.shown,
        key=key.decode(),
        revision=wanted,
        available=kept,
    )
