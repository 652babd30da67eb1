"""`usage`: what each bucket holds, kept with every change."""

from __future__ import annotations

from holdall.catalog.transaction import Reads, Transaction
from holdall.core.values import Usage


def add(tx: Transaction, bucket: int, delta: Usage) -> None:
    tx.run(
        "INSERT INTO usage (bucket, blobs, bytes, revisions, revision_bytes, markers)"
        " SELECT id, ?, ?, ?, ?, ? FROM buckets WHERE id = ? ON CONFLICT (bucket) DO UPDATE SET"
        " blobs = usage.blobs + excluded.blobs, bytes = usage.bytes + excluded.bytes,"
        " revisions = usage.revisions + excluded.revisions,"
        " revision_bytes = usage.revision_bytes + excluded.revision_bytes,"
        " markers = usage.markers + excluded.markers",
        (delta.blobs, delta.bytes, delta.revisions, delta.revision_bytes, delta.markers, bucket),
    )


def of(reads: Reads, bucket: int) -> Usage:
    row = reads.one(
        "SELECT blobs, bytes, revisions, revision_bytes, markers FROM usage WHERE bucket = ?",
        (bucket,),
    )
    return Usage(*row) if row else Usage()


def forget(tx: Transaction, bucket: int) -> None:
    tx.run("DELETE FROM usage WHERE bucket = ?", (bucket,))
