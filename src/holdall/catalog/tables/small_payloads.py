"""`small_payloads`: bytes too few to deserve a file, kept in the catalog itself."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.tables.spans import Wrapped
from holdall.catalog.transaction import Reads, Transaction


class SmallRow(NamedTuple):
    """`bytes` as they are stored, and their checksum. `sealed` as in `payloads`."""

    id: int
    crc32c: int
    bytes: bytes
    sealed: Wrapped | None = None


def insert(tx: Transaction, row: SmallRow) -> None:
    tx.run("INSERT INTO small_payloads (id, crc32c, bytes, sealed) VALUES (?, ?, ?, ?)", row)


def page(reads: Reads, after: int, limit: int) -> list[SmallRow]:
    rows = reads.all(
        "SELECT id, crc32c, bytes, sealed FROM small_payloads WHERE id > ? ORDER BY id LIMIT ?",
        (after, limit),
    )
    return [SmallRow(*row) for row in rows]


def delete(tx: Transaction, id: int) -> None:
    tx.run("DELETE FROM small_payloads WHERE id = ?", (id,))
