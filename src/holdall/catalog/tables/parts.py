"""`parts`: what an upload has received. A part's bytes are its spans'."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction


class PartRow(NamedTuple):
    upload: int
    number: int
    id: int
    time: int
    size: int
    etag: str
    crc32c: int | None
    checksums: str | None


_LIST = ", ".join(PartRow._fields)


def insert(tx: Transaction, row: PartRow) -> None:
    tx.run(f"INSERT INTO parts ({_LIST}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def find(reads: Reads, upload: int, number: int) -> PartRow | None:
    row = reads.one(f"SELECT {_LIST} FROM parts WHERE upload = ? AND number = ?", (upload, number))
    return PartRow(*row) if row else None


def of(reads: Reads, upload: int) -> list[PartRow]:
    rows = reads.all(f"SELECT {_LIST} FROM parts WHERE upload = ? ORDER BY number", (upload,))
    return [PartRow(*row) for row in rows]


def page(reads: Reads, upload: int, after: int, limit: int) -> list[PartRow]:
    rows = reads.all(
        f"SELECT {_LIST} FROM parts WHERE upload = ? AND number > ? ORDER BY number LIMIT ?",
        (upload, after, limit),
    )
    return [PartRow(*row) for row in rows]


def forget(tx: Transaction, upload: int) -> None:
    """All of an upload that is over."""
    tx.run("DELETE FROM parts WHERE upload = ?", (upload,))


def delete(tx: Transaction, row: PartRow) -> None:
    tx.run("DELETE FROM parts WHERE upload = ? AND number = ?", (row.upload, row.number))
