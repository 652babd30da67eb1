"""`buckets`: names, owners and settings. An id is never used twice."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction

OFF, ENABLED, SUSPENDED = range(3)

_COLUMNS = "id, uid, owner, name, created, versioning, public, floor"


class BucketRow(NamedTuple):
    """`created` in microseconds; below the moment `floor` the history has gaps."""

    id: int
    uid: str
    owner: str
    name: str | None
    created: int
    versioning: int
    public: int
    floor: int

    @property
    def shown(self) -> str:
        """What people call it."""
        return self.name or self.uid


def insert(tx: Transaction, row: BucketRow) -> bool:
    """False when the owner has a bucket of that name already."""
    return bool(
        tx.run(
            f"INSERT INTO buckets ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (owner, name) DO NOTHING",
            row,
        )
    )


def by_uid(reads: Reads, uid: str) -> BucketRow | None:
    row = reads.one(f"SELECT {_COLUMNS} FROM buckets WHERE uid = ?", (uid,))
    return BucketRow(*row) if row else None


def by_name(reads: Reads, owner: str, name: str) -> BucketRow | None:
    row = reads.one(f"SELECT {_COLUMNS} FROM buckets WHERE owner = ? AND name = ?", (owner, name))
    return BucketRow(*row) if row else None


def of_owner(reads: Reads, owner: str) -> list[BucketRow]:
    rows = reads.all(
        f"SELECT {_COLUMNS} FROM buckets WHERE owner = ?"
        " ORDER BY CASE WHEN name IS NULL THEN 1 ELSE 0 END, name, id",
        (owner,),
    )
    return [BucketRow(*row) for row in rows]


def set_public(tx: Transaction, id: int, public: bool) -> None:
    tx.run("UPDATE buckets SET public = ? WHERE id = ?", (int(public), id))


def set_versioning(tx: Transaction, id: int, versioning: int, floor: int) -> None:
    tx.run("UPDATE buckets SET versioning = ?, floor = ? WHERE id = ?", (versioning, floor, id))


def raise_floor(tx: Transaction, id: int, seq: int) -> None:
    tx.run("UPDATE buckets SET floor = ? WHERE id = ? AND floor < ?", (seq, id, seq))


def delete(tx: Transaction, id: int) -> None:
    tx.run("DELETE FROM buckets WHERE id = ?", (id,))
