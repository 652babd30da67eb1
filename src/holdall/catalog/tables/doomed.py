"""`doomed`: payloads that nothing refers to, until their bytes are gone. Doomed is final."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction


class DoomedRow(NamedTuple):
    """`token` None for a small payload; `seq` is the moment of its doom."""

    payload: int
    token: str | None


def doom(tx: Transaction, payload: int, seq: int) -> None:
    """Doom a payload that no span refers to, whichever table holds it."""
    tx.run(
        "INSERT INTO doomed (payload, token, seq) SELECT id, token, ? FROM payloads WHERE id = ?"
        " UNION ALL SELECT id, NULL, ? FROM small_payloads WHERE id = ?",
        (seq, payload, seq, payload),
    )
    tx.run("DELETE FROM payloads WHERE id = ?", (payload,))


def waiting(reads: Reads, before: int, limit: int) -> list[DoomedRow]:
    """Payloads doomed before the moment `before`."""
    rows = reads.all(
        "SELECT payload, token FROM doomed WHERE seq < ? ORDER BY payload LIMIT ?", (before, limit)
    )
    return [DoomedRow(*row) for row in rows]


def every(reads: Reads) -> list[DoomedRow]:
    return [DoomedRow(*row) for row in reads.all("SELECT payload, token FROM doomed")]


def delete(tx: Transaction, payload: int) -> None:
    tx.run("DELETE FROM doomed WHERE payload = ?", (payload,))
