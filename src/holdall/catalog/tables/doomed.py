"""`doomed`: payloads that nothing refers to, until their bytes are gone. Doomed is final."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction


class DoomedRow(NamedTuple):
    """`token` None for a small payload; `seq` is the moment of its doom."""

    payload: int
    token: str | None
    seq: int


def doom(tx: Transaction, payload: int, seq: int) -> None:
    """Doom a payload that no span refers to, whichever table holds it."""
    tx.run(
        "INSERT INTO doomed (payload, token, seq) SELECT id, token, ? FROM payloads WHERE id = ?"
        " UNION ALL SELECT id, NULL, ? FROM small_payloads WHERE id = ?",
        (seq, payload, seq, payload),
    )
    tx.run("UPDATE payloads SET state = 2 WHERE id = ?", (payload,))


def doom_again(tx: Transaction, row: DoomedRow) -> None:
    """For a writer that was taken for dead and wrote all the same."""
    tx.run(
        "INSERT INTO doomed (payload, token, seq) VALUES (?, ?, ?)"
        " ON CONFLICT (payload) DO UPDATE SET seq = excluded.seq",
        row,
    )


def waiting(reads: Reads, before: int, limit: int) -> list[DoomedRow]:
    """Payloads doomed before the moment `before`."""
    rows = reads.all(
        "SELECT payload, token, seq FROM doomed WHERE seq < ? ORDER BY payload LIMIT ?",
        (before, limit),
    )
    return [DoomedRow(*row) for row in rows]


def every(reads: Reads) -> list[DoomedRow]:
    return [DoomedRow(*row) for row in reads.all("SELECT payload, token, seq FROM doomed")]


def delete(tx: Transaction, row: DoomedRow) -> bool:
    """Forget a payload whose bytes are gone; False when it was doomed again meanwhile."""
    return bool(tx.run("DELETE FROM doomed WHERE payload = ? AND seq = ?", (row.payload, row.seq)))
