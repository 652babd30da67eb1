"""`leases`: what somebody holds for a while: a long reading, the sweeper's turn."""

from __future__ import annotations

from holdall.catalog.transaction import Reads, Transaction


def take(tx: Transaction, name: str, holder: str, seq: int, now: int, until: int) -> bool:
    """Take or renew; False while another holder's is alive. Times in microseconds."""
    return bool(
        tx.run(
            "INSERT INTO leases (name, holder, seq, until) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, seq = CASE"
            " WHEN leases.holder = excluded.holder THEN leases.seq ELSE excluded.seq END,"
            " until = excluded.until WHERE leases.holder = excluded.holder OR leases.until < ?",
            (name, holder, seq, until, now),
        )
    )


def release(tx: Transaction, name: str, holder: str) -> None:
    tx.run("DELETE FROM leases WHERE name = ? AND holder = ?", (name, holder))


def oldest_reading(reads: Reads, now: int) -> int | None:
    """The moment at which the oldest living reading began."""
    row = reads.one(
        "SELECT min(seq) FROM leases WHERE name LIKE 'reading-%' AND until >= ?", (now,)
    )
    return int(row[0]) if row and row[0] is not None else None


def forget_dead(tx: Transaction, now: int) -> None:
    tx.run("DELETE FROM leases WHERE until < ?", (now,))
