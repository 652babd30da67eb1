"""`payloads`: bytes in the payload store. A row is pending until a revision or part uses it."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction
from holdall.core.checksums import SUM

PENDING, LIVE, DOOMED = range(3)


class PayloadRow(NamedTuple):
    """`lease`, in microseconds, is when a pending payload's writer counts as dead.

    A doomed payload's row stays as long as its bytes: somebody may still be reading them.
    `sealed` is the wrapped key that the bytes are encrypted with, None for plain ones;
    `sums` are of the bytes as they are stored.
    """

    id: int
    token: str
    state: int
    size: int
    lease: int
    sums: bytes
    sealed: bytes | None = None


def store_id(id: int, token: str) -> str:
    """The name in the payload store. The random token keeps it from ever coming again."""
    return f"{id:012x}-{token}"


def insert_pending(tx: Transaction, row: PayloadRow) -> None:
    tx.run(
        "INSERT INTO payloads (id, token, state, size, lease, sums, sealed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        row,
    )


def renew(tx: Transaction, id: int, lease: int) -> bool:
    return bool(tx.run("UPDATE payloads SET lease = ? WHERE id = ? AND state = 0", (lease, id)))


def make_live(tx: Transaction, id: int) -> bool:
    """False when the payload is not pending any more: its writer was taken for dead."""
    return bool(
        tx.run("UPDATE payloads SET state = 1, lease = 0 WHERE id = ? AND state = 0", (id,))
    )


def expired(reads: Reads, now: int, limit: int) -> list[int]:
    """Pending payloads whose writers are silent."""
    rows = reads.all(
        "SELECT id FROM payloads WHERE state = 0 AND lease < ? ORDER BY lease LIMIT ?", (now, limit)
    )
    return [row[0] for row in rows]


def is_pending(reads: Reads, id: int, token: str) -> bool:
    row = reads.one("SELECT 1 FROM payloads WHERE id = ? AND token = ? AND state = 0", (id, token))
    return row is not None


def is_live(reads: Reads, id: int) -> bool:
    row = reads.one("SELECT 1 FROM payloads WHERE id = ? AND state = 1", (id,))
    return row is not None


def sums(reads: Reads, id: int, first: int, count: int) -> bytes | None:
    """The packed CRC32C of `count` blocks from block `first` on."""
    row = reads.one(
        "SELECT substr(sums, ?, ?) FROM payloads WHERE id = ?",
        (first * SUM + 1, count * SUM, id),
    )
    return bytes(row[0]) if row else None


def page(reads: Reads, after: int, limit: int) -> list[PayloadRow]:
    rows = reads.all(
        "SELECT id, token, state, size, lease, sums, sealed FROM payloads"
        " WHERE id > ? ORDER BY id LIMIT ?",
        (after, limit),
    )
    return [PayloadRow(*row) for row in rows]


def sealed(reads: Reads, after: int, limit: int) -> list[tuple[int, bytes]]:
    """The wrapped keys of those that are sealed, by id."""
    rows = reads.all(
        "SELECT id, sealed FROM payloads WHERE id > ? AND sealed IS NOT NULL ORDER BY id LIMIT ?",
        (after, limit),
    )
    return [(int(id), bytes(wrapped)) for id, wrapped in rows]


def reseal(tx: Transaction, id: int, old: bytes, new: bytes) -> bool:
    """Another wrapping of the same key. False where it is not the old one any more."""
    return bool(
        tx.run("UPDATE payloads SET sealed = ? WHERE id = ? AND sealed = ?", (new, id, old))
    )


def delete(tx: Transaction, id: int) -> None:
    tx.run("DELETE FROM payloads WHERE id = ?", (id,))
