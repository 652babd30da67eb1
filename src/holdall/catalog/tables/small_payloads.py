"""`small_payloads`: bytes too few to deserve a file, kept in the catalog itself."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction


class SmallRow(NamedTuple):
    id: int
    crc32c: int
    bytes: bytes


def insert(tx: Transaction, row: SmallRow) -> None:
    tx.run("INSERT INTO small_payloads (id, crc32c, bytes) VALUES (?, ?, ?)", row)


def page(reads: Reads, after: int, limit: int) -> list[SmallRow]:
    rows = reads.all(
        "SELECT id, crc32c, bytes FROM small_payloads WHERE id > ? ORDER BY id LIMIT ?",
        (after, limit),
    )
    return [SmallRow(*row) for row in rows]


def delete(tx: Transaction, id: int) -> None:
    tx.run("DELETE FROM small_payloads WHERE id = ?", (id,))
