"""The one way a blob gets a new revision: inside a transaction, after the bytes are safe."""

from __future__ import annotations

import secrets

from holdall.catalog.tables import (
    blobs,
    buckets,
    events,
    marks,
    payloads,
    revisions,
    small_payloads,
    spans,
)
from holdall.catalog.tables.blobs import BlobRow, Target
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.events import Kind
from holdall.catalog.tables.revisions import CONTENT, MARKER, RevisionRow
from holdall.catalog.tables.small_payloads import SmallRow
from holdall.catalog.tables.spans import SpanRow
from holdall.catalog.transaction import Reads, Tick, Transaction
from holdall.core.checksums import crc32c
from holdall.core.errors import LeaseLost
from holdall.core.values import ALWAYS, Precondition
from holdall.engine.content import Content
from holdall.engine.demands import demand
from holdall.engine.locking import refuse_locked, with_default_retention
from holdall.engine.records import replaced_by
from holdall.engine.remove import forget

TOMBSTONE = Content(kind=MARKER)


def append(
    tx: Transaction,
    bucket: BucketRow,
    key: bytes,
    content: Content,
    *,
    actor: str,
    condition: Precondition = ALWAYS,
) -> RevisionRow:
    """Check the precondition, number and insert the revision, count it and log it.

    Nothing is changed before everything is checked: whoever does this for many blobs in one
    transaction goes on after an error. `Locked` for a null version that has to stay.
    """
    target = blobs.target(tx, bucket.id, key)
    return append_to(tx, bucket, target, key, content, actor=actor, condition=condition)


def append_to(
    tx: Transaction,
    bucket: BucketRow,
    target: Target,
    key: bytes,
    content: Content,
    *,
    actor: str,
    condition: Precondition,
) -> RevisionRow:
    """As `append`, where the target was looked up already."""
    if condition is not ALWAYS:
        demand(condition, target, bucket, key)
    null = _null_before(tx, bucket, target)
    if null is not None:
        refuse_locked(tx, bucket, key, null)
    if content.pending is not None and not payloads.make_live(tx, content.pending):
        raise LeaseLost(
            "The writer was silent for too long and was taken for dead.", key=key.decode()
        )
    tick = tx.tick()
    if bucket.locked:
        content = with_default_retention(tx, bucket, content, tick.time)
    row = _row(tick, bucket, target, content)
    revisions.insert(tx, row)
    if content.marks:
        marks.insert(tx, row, content.marks)
    insert_bytes(tx, row.id, content)
    _make_current(tx, bucket.id, key, target.blob, row)
    tx.count(bucket.id, replaced_by(target.current, row))
    if null is not None:
        forget(tx, bucket, null, row.id)
    kind = Kind.WRITTEN if content.kind == CONTENT else Kind.DELETED
    events.log(tx, tick, kind, bucket.id, actor, key, row.number, row.size)
    return row


def _row(tick: Tick, bucket: BucketRow, target: Target, content: Content) -> RevisionRow:
    chain, number = (target.blob.chain, target.blob.next) if target.blob else (tick.seq, 0)
    return RevisionRow(
        chain,
        number,
        tick.seq,
        secrets.randbits(63),
        tick.time,
        content.kind,
        int(bucket.versioning != buckets.ENABLED),
        content.size,
        content.content_type,
        content.etag,
        content.crc32c,
        content.checksums,
        content.metadata,
        content.tags,
        content.attributes,
        int(bool(content.marks)),
        content.parts,
    )


def insert_bytes(tx: Transaction, id: int, content: Content) -> None:
    """Say where the bytes of a revision or a part are; few bytes are put there and then."""
    if content.small:
        small_payloads.insert(tx, _small(id, content.small, content))
        spans.insert(tx, id, SpanRow(0, id, 0, len(content.small)))
    for span in content.spans:
        spans.insert(tx, id, span)


def _small(id: int, data: bytes, content: Content) -> SmallRow:
    stored = content.crc32c if content.sealed is None else crc32c(data)
    return SmallRow(id, stored or 0, data, content.sealed)


def _make_current(
    tx: Transaction, bucket: int, key: bytes, was: BlobRow | None, row: RevisionRow
) -> None:
    now = BlobRow(int(row.kind == MARKER), row.chain, row.number, row.number + 1)
    if was is None:
        blobs.insert(tx, bucket, key, now)
    else:
        blobs.update(tx, bucket, key, was, now)


def _null_before(reads: Reads, bucket: BucketRow, target: Target) -> RevisionRow | None:
    """Without versioning there is at most one null revision: the new one (S3 PutObject)."""
    if bucket.versioning == buckets.ENABLED or target.blob is None:
        return None
    if target.current is not None and target.current.is_null:
        return target.current
    return revisions.null_of(reads, target.blob.chain)
