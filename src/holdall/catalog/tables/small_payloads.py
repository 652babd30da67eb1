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


def sealed(reads: Reads, after: int, limit: int) -> list[tuple[int, bytes]]:
    """The wrapped keys of those that are sealed, by id."""
    rows = reads.all(
        "SELECT id, sealed FROM small_payloads"
        " WHERE id > ? AND sealed IS NOT NULL ORDER BY id LIMIT ?",
        (after, limit),
    )
    return [(int(id), bytes(wrapped)) for id, wrapped in rows]


def reseal(tx: Transaction, id: int, old: bytes, new: bytes) -> bool:
    """Another wrapping of the same key. False where it is not the old one any more."""
    return bool(
        tx.run("UPDATE small_payloads SET sealed = ? WHERE id = ? AND sealed = ?", (new, id, old))
    )


def delete(tx: Transaction, id: int) -> None:
    tx.run("DELETE FROM small_payloads WHERE id = ?", (id,))
