"""`orgs`: organisations, whose members share what belongs to them."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction


class OrgRow(NamedTuple):
    """`created` in microseconds."""

    name: str
    created: int


def insert(tx: Transaction, row: OrgRow) -> bool:
    """False when there is one of that name."""
    return bool(
        tx.run("INSERT INTO orgs (name, created) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", row)
    )


def get(reads: Reads, name: str) -> OrgRow | None:
    row = reads.one("SELECT name, created FROM orgs WHERE name = ?", (name,))
    return OrgRow(*row) if row else None


def page(reads: Reads, after: str, limit: int) -> list[OrgRow]:
    rows = reads.all(
        "SELECT name, created FROM orgs WHERE name > ? ORDER BY name LIMIT ?", (after, limit)
    )
    return [OrgRow(*row) for row in rows]


def delete(tx: Transaction, name: str) -> None:
    tx.run("DELETE FROM orgs WHERE name = ?", (name,))
