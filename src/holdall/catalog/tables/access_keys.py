"""`access_keys`: what requests are signed with, permanent and temporary."""

from __future__ import annotations

import json
from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction


class AccessKeyRow(NamedTuple):
    """`secret` is sealed by whoever made the key. Times in microseconds, None for never.

    `buckets` is a JSON list of buckets that it is good for, None for all; `policy` a
    document that narrows it further; `session_of` the key that it was made with.
    """

    id: str
    secret: bytes
    user: str
    name: str
    created: int
    expires: int | None
    last_used: int | None
    buckets: str | None
    read_only: int
    policy: str | None
    session_of: str | None

    def __repr__(self) -> str:
        return f"AccessKeyRow(id={self.id!r}, user={self.user!r})"


_COLUMNS = ", ".join("username" if name == "user" else name for name in AccessKeyRow._fields)
_SELECT = f"SELECT {_COLUMNS} FROM access_keys"


def insert(tx: Transaction, row: AccessKeyRow) -> bool:
    """False when there is one of that id."""
    return bool(
        tx.run(
            f"INSERT INTO access_keys ({_COLUMNS}) VALUES ({', '.join('?' * len(row))})"
            " ON CONFLICT (id) DO NOTHING",
            row,
        )
    )


def get(reads: Reads, id: str) -> AccessKeyRow | None:
    return next(iter(_rows(reads.all(f"{_SELECT} WHERE id = ?", (id,)))), None)


def page(reads: Reads, user: str, after: str, limit: int) -> list[AccessKeyRow]:
    """The permanent ones of a user, by id."""
    return _rows(
        reads.all(
            f"{_SELECT} WHERE username = ? AND id > ? AND session_of IS NULL ORDER BY id LIMIT ?",
            (user, after, limit),
        )
    )


def touch(tx: Transaction, id: str, time: int) -> None:
    """It was used then; later uses that were written earlier stay."""
    tx.run(
        "UPDATE access_keys SET last_used = ? WHERE id = ? AND coalesce(last_used, 0) < ?",
        (time, id, time),
    )


def is_named(reads: Reads, user: str, name: str) -> bool:
    """Whether a permanent key of the user has that name."""
    return bool(
        reads.all(
            "SELECT 1 FROM access_keys WHERE username = ? AND name = ?"
            " AND session_of IS NULL LIMIT 1",
            (user, name),
        )
    )


def sealed(reads: Reads, after: str, limit: int) -> list[tuple[str, bytes]]:
    """The sealed secrets of all of them, by id."""
    rows = reads.all(
        "SELECT id, secret FROM access_keys WHERE id > ? ORDER BY id LIMIT ?", (after, limit)
    )
    return [(str(id), bytes(secret)) for id, secret in rows]


def reseal(tx: Transaction, id: str, old: bytes, new: bytes) -> bool:
    """Another sealing of the same secret. False where it is not the old one any more."""
    return bool(
        tx.run("UPDATE access_keys SET secret = ? WHERE id = ? AND secret = ?", (new, id, old))
    )


def delete(tx: Transaction, id: str) -> bool:
    """With the temporary ones made with it. False when there was none."""
    tx.run("DELETE FROM access_keys WHERE session_of = ?", (id,))
    return bool(tx.run("DELETE FROM access_keys WHERE id = ?", (id,)))


def forget_user(tx: Transaction, user: str) -> None:
    tx.run("DELETE FROM access_keys WHERE username = ?", (user,))


def forget_bucket(tx: Transaction, name: str) -> None:
    """Of keys that are good for some buckets; one that is good for no other goes."""
    rows = tx.all("SELECT id, buckets FROM access_keys WHERE buckets LIKE ?", (f'%"{name}"%',))
    for id, text in rows:
        listed = json.loads(str(text))
        left = [other for other in listed if other != name]
        if not left:
            delete(tx, str(id))
        elif left != listed:  # to LIKE an underscore is any character
            tx.run("UPDATE access_keys SET buckets = ? WHERE id = ?", (json.dumps(left), id))


def forget_expired(tx: Transaction, before: int) -> int:
    """Those that were over before that time; how many."""
    return tx.run("DELETE FROM access_keys WHERE expires < ?", (before,))


def _rows(rows: list[tuple[object, ...]]) -> list[AccessKeyRow]:
    return [AccessKeyRow(row[0], bytes(row[1]), *row[2:]) for row in rows]  # type: ignore[call-overload,arg-type]
