"""`users`: who may own buckets and hold access keys."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction


class UserRow(NamedTuple):
    """`created` in microseconds; `display` is how people call them."""

    name: str
    created: int
    display: str
    is_admin: int


_COLUMNS = ", ".join(UserRow._fields)


def insert(tx: Transaction, row: UserRow) -> bool:
    """False when there is one of that name."""
    return bool(
        tx.run(
            f"INSERT INTO users ({_COLUMNS}) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO NOTHING",
            row,
        )
    )


def get(reads: Reads, name: str) -> UserRow | None:
    row = reads.one(f"SELECT {_COLUMNS} FROM users WHERE name = ?", (name,))
    return UserRow(*row) if row else None


def page(reads: Reads, after: str, limit: int) -> list[UserRow]:
    rows = reads.all(
        f"SELECT {_COLUMNS} FROM users WHERE name > ? ORDER BY name LIMIT ?", (after, limit)
    )
    return [UserRow(*row) for row in rows]


def update(tx: Transaction, row: UserRow) -> None:
    tx.run(
        "UPDATE users SET display = ?, is_admin = ? WHERE name = ?",
        (row.display, row.is_admin, row.name),
    )


def delete(tx: Transaction, name: str) -> None:
    tx.run("DELETE FROM users WHERE name = ?", (name,))
