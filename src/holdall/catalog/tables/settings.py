"""`settings`: documents of a bucket, by name: its policy, its ACL, its lifecycle rules."""

from __future__ import annotations

from holdall.catalog.transaction import Reads, Transaction


def get(reads: Reads, bucket: int, name: str) -> str | None:
    row = reads.one("SELECT value FROM settings WHERE bucket = ? AND name = ?", (bucket, name))
    return str(row[0]) if row else None


def of(reads: Reads, bucket: int) -> dict[str, str]:
    rows = reads.all("SELECT name, value FROM settings WHERE bucket = ? ORDER BY name", (bucket,))
    return dict(rows)


def holders(reads: Reads, name: str) -> list[tuple[int, str]]:
    """Every bucket that has a document of that name, and the document."""
    rows = reads.all("SELECT bucket, value FROM settings WHERE name = ? ORDER BY bucket", (name,))
    return [(int(bucket), str(value)) for bucket, value in rows]


def put(tx: Transaction, bucket: int, name: str, value: str) -> None:
    tx.run(
        "INSERT INTO settings (bucket, name, value) VALUES (?, ?, ?)"
        " ON CONFLICT (bucket, name) DO UPDATE SET value = excluded.value",
        (bucket, name, value),
    )


def delete(tx: Transaction, bucket: int, name: str) -> bool:
    """False when there was none."""
    return bool(tx.run("DELETE FROM settings WHERE bucket = ? AND name = ?", (bucket, name)))


def forget(tx: Transaction, bucket: int) -> None:
    """All of a bucket that goes."""
    tx.run("DELETE FROM settings WHERE bucket = ?", (bucket,))
