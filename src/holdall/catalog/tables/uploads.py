"""`uploads`: blobs that are being sent in parts."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction

_COLUMNS = "id, uid, bucket, key, time, options, initiator"


class UploadRow(NamedTuple):
    """`options` is the JSON of what the finished blob shall have; `initiator` who began it."""

    id: int
    uid: str
    bucket: int
    key: bytes
    time: int
    options: str
    initiator: str


def insert(tx: Transaction, row: UploadRow) -> None:
    tx.run(f"INSERT INTO uploads ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def by_uid(reads: Reads, bucket: int, key: bytes, uid: str) -> UploadRow | None:
    row = reads.one(
        f"SELECT {_COLUMNS} FROM uploads WHERE uid = ? AND bucket = ? AND key = ?",
        (uid, bucket, key),
    )
    return UploadRow(*row) if row else None


def page(
    reads: Reads, bucket: int, low: tuple[bytes, str], high: bytes, limit: int
) -> list[UploadRow]:
    """Uploads of a bucket after (key, uid) `low`, keys below `high`."""
    rows = reads.all(
        f"SELECT {_COLUMNS} FROM uploads WHERE bucket = ? AND key < ?"
        " AND (key > ? OR (key = ? AND uid > ?)) ORDER BY key, uid LIMIT ?",
        (bucket, high, low[0], *low, limit),
    )
    return [UploadRow(row[0], row[1], row[2], bytes(row[3]), *row[4:]) for row in rows]


def keys(
    reads: Reads, bucket: int, low: bytes, high: bytes, limit: int
) -> list[tuple[bytes, None]]:
    """The keys, each once, of a bucket's uploads: from `low`, below `high`."""
    rows = reads.all(
        "SELECT key FROM uploads WHERE bucket = ? AND key >= ? AND key < ?"
        " GROUP BY key ORDER BY key LIMIT ?",
        (bucket, low, high, limit),
    )
    return [(bytes(row[0]), None) for row in rows]


def delete(tx: Transaction, id: int) -> None:
    tx.run("DELETE FROM uploads WHERE id = ?", (id,))


def of_bucket(reads: Reads, bucket: int, limit: int) -> list[UploadRow]:
    return page(reads, bucket, (b"", ""), b"\xff", limit)
