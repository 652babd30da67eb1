"""`members`: who belongs to which organisation, and as what."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction


class MemberRow(NamedTuple):
    """`role` is owner, admin, member or reader."""

    org: str
    user: str
    role: str


def put(tx: Transaction, row: MemberRow) -> None:
    tx.run(
        "INSERT INTO members (org, username, role) VALUES (?, ?, ?)"
        " ON CONFLICT (org, username) DO UPDATE SET role = excluded.role",
        row,
    )


def get(reads: Reads, org: str, user: str) -> MemberRow | None:
    row = reads.one(
        "SELECT org, username, role FROM members WHERE org = ? AND username = ?", (org, user)
    )
    return MemberRow(*row) if row else None


def page(reads: Reads, org: str, after: str, limit: int) -> list[MemberRow]:
    rows = reads.all(
        "SELECT org, username, role FROM members WHERE org = ? AND username > ?"
        " ORDER BY username LIMIT ?",
        (org, after, limit),
    )
    return [MemberRow(*row) for row in rows]


def of_user(reads: Reads, user: str) -> list[MemberRow]:
    rows = reads.all(
        "SELECT org, username, role FROM members WHERE username = ? ORDER BY org", (user,)
    )
    return [MemberRow(*row) for row in rows]


def delete(tx: Transaction, org: str, user: str) -> bool:
    """False when they were none."""
    return bool(tx.run("DELETE FROM members WHERE org = ? AND username = ?", (org, user)))


def forget_org(tx: Transaction, org: str) -> None:
    tx.run("DELETE FROM members WHERE org = ?", (org,))


def forget_user(tx: Transaction, user: str) -> None:
    tx.run("DELETE FROM members WHERE username = ?", (user,))
