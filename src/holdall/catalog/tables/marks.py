"""`marks`: what is said of one revision and may change later; most revisions have none."""

from __future__ import annotations

from collections.abc import Mapping

from holdall.catalog.tables import revisions
from holdall.catalog.tables.revisions import RevisionRow
from holdall.catalog.transaction import Reads, Transaction


def insert(tx: Transaction, row: RevisionRow, marks: Mapping[str, str]) -> None:
    """Those of a new revision, whose row says that it is marked."""
    for name, value in marks.items():
        tx.run(
            "INSERT INTO marks (chain, number, name, value) VALUES (?, ?, ?, ?)",
            (row.chain, row.number, name, value),
        )


def of(reads: Reads, row: RevisionRow) -> dict[str, str]:
    if not row.marked:
        return {}
    rows = reads.all(
        "SELECT name, value FROM marks WHERE chain = ? AND number = ? ORDER BY name",
        (row.chain, row.number),
    )
    return dict(rows)


def put(tx: Transaction, row: RevisionRow, name: str, value: str) -> None:
    tx.run(
        "INSERT INTO marks (chain, number, name, value) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (chain, number, name) DO UPDATE SET value = excluded.value",
        (row.chain, row.number, name, value),
    )
    revisions.set_marked(tx, row, True)


def drop(tx: Transaction, row: RevisionRow, name: str) -> None:
    tx.run(
        "DELETE FROM marks WHERE chain = ? AND number = ? AND name = ?",
        (row.chain, row.number, name),
    )
    revisions.set_marked(tx, row, bool(of(tx, row)))


def forget(tx: Transaction, row: RevisionRow) -> None:
    """All of a revision that goes."""
    tx.run("DELETE FROM marks WHERE chain = ? AND number = ?", (row.chain, row.number))
