"""The one way a revision goes for good, and how its payloads are doomed with it."""

from __future__ import annotations

from holdall.catalog.tables import (
    blobs,
    buckets,
    completed_parts,
    doomed,
    events,
    marks,
    revisions,
    spans,
)
from holdall.catalog.tables.blobs import BlobRow
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.events import Kind
from holdall.catalog.tables.revisions import MARKER, RevisionRow
from holdall.catalog.transaction import Transaction
from holdall.engine.locking import refuse_locked
from holdall.engine.records import as_current, as_kept


def forget(tx: Transaction, bucket: BucketRow, row: RevisionRow, seq: int) -> None:
    """Delete a revision's row, uncount it, raise the history floor, doom its payloads."""
    buckets.raise_floor(tx, bucket.id, revisions.follower(tx, row.chain, row.number) or seq)
    revisions.delete(tx, row)
    if row.marked:
        marks.forget(tx, row)
    if row.parts:
        completed_parts.forget(tx, row.id)
    tx.count(bucket.id, -as_kept(row))
    forget_spans(tx, row.id, seq)


def forget_spans(tx: Transaction, owner: int, seq: int) -> None:
    """Delete a content's spans and doom the payloads that nothing else refers to."""
    used = {span.payload for span in spans.of(tx, owner)}
    spans.delete(tx, owner)
    for payload in used:
        if not spans.is_used(tx, payload):
            doomed.doom(tx, payload, seq)


def remove_revision(
    tx: Transaction,
    bucket: BucketRow,
    key: bytes,
    blob: BlobRow,
    row: RevisionRow,
    actor: str,
    *,
    bypass: bool = False,
) -> None:
    """Delete one revision; the newest one left becomes current if this one was.

    `Locked`, before anything is changed, where it has to stay; see `refuse_locked`.
    """
    refuse_locked(tx, bucket, key, row, bypass=bypass)
    tick = tx.tick()
    forget(tx, bucket, row, tick.seq)
    if row.number == blob.current:
        _fall_back(tx, bucket, key, blob, row)
    events.log(tx, tick, Kind.REMOVED, bucket.id, actor, key, row.number, row.size)


def _fall_back(
    tx: Transaction, bucket: BucketRow, key: bytes, blob: BlobRow, gone: RevisionRow
) -> None:
    left = revisions.newest(tx, blob.chain)
    tx.count(bucket.id, as_current(left) + -as_current(gone))
    if left is None:
        blobs.delete(tx, bucket.id, key, blob)
    else:
        now = BlobRow(int(left.kind == MARKER), blob.chain, left.number, blob.next)
        blobs.update(tx, bucket.id, key, blob, now)


def remove_some(
    tx: Transaction,
    bucket: BucketRow,
    key: bytes,
    blob: BlobRow,
    actor: str,
    limit: int,
    *,
    bypass: bool = False,
) -> int:
    """Delete up to `limit` revisions of a blob, the oldest first; how many."""
    rows = revisions.oldest(tx, blob.chain, limit)
    for row in rows:
        remove_revision(tx, bucket, key, blob, row, actor, bypass=bypass)
    return len(rows)
