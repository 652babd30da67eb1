"""`blobs`: which chain of revisions a key holds, and which of them is current.

Rows are stored in the order (bucket, deleted, key), so that listing what is there never
steps over what was deleted.
"""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.tables.buckets import Address, BucketRow, addressed
from holdall.catalog.tables.revisions import COLUMNS, RevisionRow
from holdall.catalog.transaction import Reads, Transaction


class BlobRow(NamedTuple):
    """`deleted` 1 when the current revision is a delete marker; `next` is never reused."""

    deleted: int
    chain: int
    current: int
    next: int


class Target(NamedTuple):
    """What a write to a key meets; both None where the key was never written."""

    blob: BlobRow | None
    current: RevisionRow | None


class SummaryRow(NamedTuple):
    """What a listing for S3 needs of a current revision: half of its columns."""

    id: int
    token: int
    time: int
    size: int
    etag: str | None
    crc32c: int | None
    checksums: str | None
    attributes: str | None
    parts: int


_COLUMNS_OF_REVISION = ", ".join(f"r.{name}" for name in COLUMNS)
_JOIN = " JOIN revisions r ON r.chain = b.chain AND r.number = b.current"
_BOTH = f"SELECT b.deleted, b.chain, b.current, b.next, {_COLUMNS_OF_REVISION} FROM blobs b{_JOIN}"
# Not `deleted IN (0, 1)`: SQLite would build a table of the two, which takes longer than
# all the rest of the look-up.
_TARGET = (
    f"{_BOTH} WHERE b.bucket = ? AND b.deleted = 0 AND b.key = ?"
    f" UNION ALL {_BOTH} WHERE b.bucket = ? AND b.deleted = 1 AND b.key = ?"
)
_CURRENT = (
    f"SELECT {_COLUMNS_OF_REVISION} FROM blobs b{_JOIN}"
    " WHERE b.bucket = ? AND b.deleted = 0 AND b.key = ?"
)
_CURRENT_AT = addressed(
    f"SELECT {_COLUMNS_OF_REVISION} FROM buckets JOIN blobs b ON b.bucket = buckets.id{_JOIN}"
    " WHERE b.deleted = 0 AND b.key = ? AND "
)
_EITHER = ", ".join(f"COALESCE(l.{name}, d.{name})" for name in BlobRow._fields)
_TARGET_AT = addressed(
    f"SELECT {', '.join(f'buckets.{name}' for name in BucketRow._fields)}, {_EITHER},"
    f" {_COLUMNS_OF_REVISION} FROM buckets"
    " LEFT JOIN blobs l ON l.bucket = buckets.id AND l.deleted = 0 AND l.key = ?"
    " LEFT JOIN blobs d ON d.bucket = buckets.id AND d.deleted = 1 AND d.key = ?"
    " LEFT JOIN revisions r ON r.chain = COALESCE(l.chain, d.chain)"
    " AND r.number = COALESCE(l.current, d.current) WHERE "
)
_END_OF_BUCKET = len(BucketRow._fields)
_END_OF_BLOB = _END_OF_BUCKET + len(BlobRow._fields)
_WITHIN = (
    " WHERE b.bucket = ? AND b.deleted = 0 AND b.key >= ? AND b.key < ? ORDER BY b.key LIMIT ?"
)
_PAGE = f"SELECT b.key, {_COLUMNS_OF_REVISION} FROM blobs b{_JOIN}{_WITHIN}"
_SUMMARIES = (
    f"SELECT b.key, {', '.join(f'r.{name}' for name in SummaryRow._fields)}"
    f" FROM blobs b{_JOIN}{_WITHIN}"
)
# Both halves are in the order of the key, so SQLite and PostgreSQL merge them unsorted.
_ANY = (
    f"SELECT b.key, b.deleted, b.chain, b.current, b.next, {_COLUMNS_OF_REVISION} FROM"
    " (SELECT key, deleted, chain, current, next FROM blobs"
    " WHERE bucket = ? AND deleted = 0 AND key >= ? AND key < ?"
    " UNION ALL"
    " SELECT key, deleted, chain, current, next FROM blobs"
    " WHERE bucket = ? AND deleted = 1 AND key >= ? AND key < ?) b"
    f"{_JOIN} ORDER BY b.key LIMIT ?"
)
_PAGE_AT = (
    f"SELECT b.key, {_COLUMNS_OF_REVISION} FROM"
    " (SELECT key, chain FROM blobs WHERE bucket = ? AND deleted = 0 AND key >= ? AND key < ?"
    " UNION ALL"
    " SELECT key, chain FROM blobs WHERE bucket = ? AND deleted = 1 AND key >= ? AND key < ?) b"
    " JOIN revisions r ON r.chain = b.chain AND r.number ="
    " (SELECT max(n.number) FROM revisions n WHERE n.chain = b.chain AND n.id <= ?)"
    " WHERE r.kind = 0 ORDER BY b.key LIMIT ?"
)

_NOTHING = Target(None, None)

Listed = tuple[bytes, RevisionRow]


def target(reads: Reads, bucket: int, key: bytes) -> Target:
    row = reads.one(_TARGET, (bucket, key, bucket, key))
    return Target(BlobRow(*row[:4]), RevisionRow(*row[4:])) if row else _NOTHING


def target_at(reads: Reads, address: Address, key: bytes) -> tuple[BucketRow, Target] | None:
    """The bucket too, in one statement; None where there is no such bucket."""
    row = reads.one(_TARGET_AT[len(address)], (key, key, *address))
    if row is None:
        return None
    bucket, blob = BucketRow(*row[:_END_OF_BUCKET]), row[_END_OF_BUCKET:_END_OF_BLOB]
    if blob[0] is None:
        return bucket, _NOTHING
    return bucket, Target(BlobRow(*blob), RevisionRow(*row[_END_OF_BLOB:]))


def find(reads: Reads, bucket: int, key: bytes) -> BlobRow | None:
    row = reads.one(
        "SELECT deleted, chain, current, next FROM blobs"
        " WHERE bucket = ? AND deleted = 0 AND key = ?"
        " UNION ALL SELECT deleted, chain, current, next FROM blobs"
        " WHERE bucket = ? AND deleted = 1 AND key = ?",
        (bucket, key, bucket, key),
    )
    return BlobRow(*row) if row else None


def current(reads: Reads, bucket: int, key: bytes) -> RevisionRow | None:
    """The current revision; None when there is none or it is a delete marker."""
    row = reads.one(_CURRENT, (bucket, key))
    return RevisionRow(*row) if row else None


def current_at(reads: Reads, address: Address, key: bytes) -> RevisionRow | None:
    """As `current`, None also where there is no such bucket: in one statement."""
    row = reads.one(_CURRENT_AT[len(address)], (key, *address))
    return RevisionRow(*row) if row else None


def page(reads: Reads, bucket: int, low: bytes, high: bytes, limit: int) -> list[Listed]:
    """Current revisions of keys from `low`, below `high`, in the order of their bytes."""
    return _listed(reads.all(_PAGE, (bucket, low, high, limit)))


def summaries(
    reads: Reads, bucket: int, low: bytes, high: bytes, limit: int
) -> list[tuple[bytes, SummaryRow]]:
    """As `page`, with less of each revision."""
    rows = reads.all(_SUMMARIES, (bucket, low, high, limit))
    return [(bytes(row[0]), SummaryRow(*row[1:])) for row in rows]


def any_page(
    reads: Reads, bucket: int, low: bytes, high: bytes, limit: int
) -> list[tuple[bytes, Target]]:
    """As `page`, with those that are deleted, whose current revision is a marker."""
    rows = reads.all(_ANY, (bucket, low, high, bucket, low, high, limit))
    return [(bytes(row[0]), Target(BlobRow(*row[1:5]), RevisionRow(*row[5:]))) for row in rows]


def page_at(
    reads: Reads, bucket: int, low: bytes, high: bytes, limit: int, seq: int
) -> list[Listed]:
    """As `page`, of what was current at the moment `seq`."""
    bounds = (bucket, low, high)
    return _listed(reads.all(_PAGE_AT, (*bounds, *bounds, seq, limit)))


def _listed(rows: list[tuple[object, ...]]) -> list[Listed]:
    return [(bytes(row[0]), RevisionRow(*row[1:])) for row in rows]  # type: ignore[call-overload,arg-type]


def every(reads: Reads, bucket: int, limit: int) -> list[tuple[bytes, BlobRow]]:
    """Some keys of a bucket, deleted ones included: for emptying it."""
    rows = reads.all(
        "SELECT key, deleted, chain, current, next FROM blobs WHERE bucket = ? LIMIT ?",
        (bucket, limit),
    )
    return [(bytes(row[0]), BlobRow(*row[1:])) for row in rows]


def insert(tx: Transaction, bucket: int, key: bytes, row: BlobRow) -> None:
    tx.run(
        "INSERT INTO blobs (bucket, key, deleted, chain, current, next) VALUES (?, ?, ?, ?, ?, ?)",
        (bucket, key, *row),
    )


def update(tx: Transaction, bucket: int, key: bytes, was: BlobRow, now: BlobRow) -> None:
    tx.run(
        "UPDATE blobs SET deleted = ?, current = ?, next = ?"
        " WHERE bucket = ? AND deleted = ? AND key = ?",
        (now.deleted, now.current, now.next, bucket, was.deleted, key),
    )


def delete(tx: Transaction, bucket: int, key: bytes, row: BlobRow) -> None:
    tx.run(
        "DELETE FROM blobs WHERE bucket = ? AND deleted = ? AND key = ?",
        (bucket, row.deleted, key),
    )
