"""`grants`: who besides its owner may do what with a bucket."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction


class GrantRow(NamedTuple):
    """`grantee` is `user:NAME` or `org:NAME`; `level` read, write or manage."""

    bucket: int
    grantee: str
    level: str


def put(tx: Transaction, row: GrantRow) -> None:
    tx.run(
        "INSERT INTO grants (bucket, grantee, level) VALUES (?, ?, ?)"
        " ON CONFLICT (bucket, grantee) DO UPDATE SET level = excluded.level",
        row,
    )


def of(reads: Reads, bucket: int) -> list[GrantRow]:
    return page(reads, bucket, "", 2**31)


def page(reads: Reads, bucket: int, after: str, limit: int) -> list[GrantRow]:
    rows = reads.all(
        "SELECT bucket, grantee, level FROM grants WHERE bucket = ? AND grantee > ?"
        " ORDER BY grantee LIMIT ?",
        (bucket, after, limit),
    )
    return [GrantRow(*row) for row in rows]


def to(reads: Reads, grantee: str, after: int, limit: int) -> list[GrantRow]:
    """What a grantee was given, by bucket."""
    rows = reads.all(
        "SELECT bucket, grantee, level FROM grants WHERE grantee = ? AND bucket > ?"
        " ORDER BY bucket LIMIT ?",
        (grantee, after, limit),
    )
    return [GrantRow(*row) for row in rows]


def delete(tx: Transaction, bucket: int, grantee: str) -> bool:
    """False when there was none."""
    return bool(tx.run("DELETE FROM grants WHERE bucket = ? AND grantee = ?", (bucket, grantee)))


def forget(tx: Transaction, bucket: int) -> None:
    """All of a bucket that goes."""
    tx.run("DELETE FROM grants WHERE bucket = ?", (bucket,))


def forget_grantee(tx: Transaction, grantee: str) -> None:
    """All of a grantee who goes."""
    tx.run("DELETE FROM grants WHERE grantee = ?", (grantee,))
