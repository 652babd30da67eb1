"""The one way a blob gets a new revision: inside a transaction, after the bytes are safe."""

from __future__ import annotations

import secrets
from typing import NamedTuple, NoReturn

from holdall.catalog.tables import (
    blobs,
    buckets,
    events,
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
from holdall.catalog.transaction import Tick, Transaction
from holdall.core.errors import LeaseLost, PreconditionFailed
from holdall.core.values import ALWAYS, Precondition
from holdall.engine.records import etag_of, replaced_by
from holdall.engine.remove import forget


class Content(NamedTuple):
    """What the new revision shall be. JSON columns are packed already.

    Its bytes are `small`, or `spans` over payloads that exist, or both empty. A payload
    that was written for it and is still pending is named by `pending`.
    """

    size: int = 0
    kind: int = CONTENT
    content_type: str | None = None
    etag: str | None = None
    crc32c: int | None = None
    checksums: str | None = None
    metadata: str | None = None
    tags: str | None = None
    small: bytes | None = None
    spans: tuple[SpanRow, ...] = ()
    pending: int | None = None


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
    """Check the precondition, number and insert the revision, count it and log it."""
    target = blobs.target(tx, bucket.id, key)
    if condition is not ALWAYS:
        demand(condition, target, bucket, key)
    if content.pending is not None and not payloads.make_live(tx, content.pending):
        raise LeaseLost(
            "The writer was silent for too long and was taken for dead.", key=key.decode()
        )
    tick = tx.tick()
    row = _row(tick, bucket, target, content)
    revisions.insert(tx, row)
    insert_bytes(tx, row.id, content)
    _make_current(tx, bucket.id, key, target.blob, row)
    tx.count(bucket.id, replaced_by(target.current, row))
    if bucket.versioning != buckets.ENABLED:
        _replace_null(tx, bucket, target, row)
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
    )


def insert_bytes(tx: Transaction, id: int, content: Content) -> None:
    """Say where the bytes of a revision or a part are; few bytes are put there and then."""
    if content.small:
        crc32c = content.crc32c or 0
        small_payloads.insert(tx, SmallRow(id, crc32c, content.small))
        spans.insert(tx, id, SpanRow(0, id, 0, len(content.small)))
    for span in content.spans:
        spans.insert(tx, id, span)


def _make_current(
    tx: Transaction, bucket: int, key: bytes, was: BlobRow | None, row: RevisionRow
) -> None:
    now = BlobRow(int(row.kind == MARKER), row.chain, row.number, row.number + 1)
    if was is None:
        blobs.insert(tx, bucket, key, now)
    else:
        blobs.update(tx, bucket, key, was, now)


def _replace_null(tx: Transaction, bucket: BucketRow, target: Target, row: RevisionRow) -> None:
    """Without versioning there is at most one null revision: the new one (S3 PutObject)."""
    old = target.current
    if old is not None and not old.is_null:
        old = revisions.null_before(tx, row.chain, row.number)
    if old is not None:
        forget(tx, bucket, old, row.id)


def demand(condition: Precondition, target: Target, bucket: BucketRow, key: bytes) -> None:
    """Raise `PreconditionFailed` unless the current blob is as the condition says."""
    current = target.current if target.blob and not target.blob.deleted else None
    tag = etag_of(current) if current else None
    number = current.number if current else None

    def fail(name: str, expected: object, actual: object) -> NoReturn:
        raise PreconditionFailed(
            f"{name}={expected!r} does not hold for {key.decode()!r}: it is {actual!r}.",
            bucket=bucket.shown,
            key=key.decode(),
            condition=name,
            expected=expected,
            actual=actual,
        )

    if condition.if_match is not None and (tag is None or condition.if_match not in ("*", tag)):
        fail("if_match", condition.if_match, tag)
    if condition.if_none_match is not None and tag and condition.if_none_match in ("*", tag):
        fail("if_none_match", condition.if_none_match, tag)
    if condition.expect is not None and condition.expect != number:
        fail("expect", condition.expect, number)
