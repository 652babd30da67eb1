"""`buckets`: names, owners and settings. An id is never used twice."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction

OFF, ENABLED, SUSPENDED = range(3)

LAST = "\U0010ffff"
"""Greater than every character of a name."""

Address = tuple[str, ...]
"""How a bucket is named: its uid, or its owner and its name."""

_ADDRESSED = (
    "",
    "buckets.uid = ?",
    "buckets.owner = ? AND buckets.name = ?",
)  # by the length of the address

_COLUMNS = "id, uid, owner, name, created, versioning, public, floor, locked"


class BucketRow(NamedTuple):
    """`created` in microseconds; below the moment `floor` the history has gaps.

    `locked` 1 when revisions may be kept from being removed (S3 Object Lock).
    """

    id: int
    uid: str
    owner: str
    name: str | None
    created: int
    versioning: int
    public: int
    floor: int
    locked: int = 0

    @property
    def shown(self) -> str:
        """What people call it."""
        return self.name or self.uid


def insert(tx: Transaction, row: BucketRow) -> bool:
    """False when the owner has a bucket of that name already."""
    return bool(
        tx.run(
            f"INSERT INTO buckets ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (owner, name) DO NOTHING",
            row,
        )
    )


def addressed(statement: str) -> tuple[str, ...]:
    """A statement for each length of an address, whose last parameters that is; the statement
    is complete but for its last condition, which is on `buckets`."""
    return tuple(statement + condition for condition in _ADDRESSED)


_AT = addressed(f"SELECT {_COLUMNS} FROM buckets WHERE ")


def at(reads: Reads, address: Address) -> BucketRow | None:
    row = reads.one(_AT[len(address)], address)
    return BucketRow(*row) if row else None


def by_uid(reads: Reads, uid: str) -> BucketRow | None:
    return at(reads, (uid,))


def named(reads: Reads, name: str) -> list[BucketRow]:
    """Whoever owns them, the oldest first."""
    rows = reads.all(f"SELECT {_COLUMNS} FROM buckets WHERE name = ? ORDER BY id", (name,))
    return [BucketRow(*row) for row in rows]


def owns_any(reads: Reads, owner: str) -> bool:
    return reads.one("SELECT 1 FROM buckets WHERE owner = ? LIMIT 1", (owner,)) is not None


def page(reads: Reads, owner: str, prefix: str, after: str, limit: int) -> list[BucketRow]:
    """The named ones of an owner, by name, after the name `after`."""
    rows = reads.all(
        f"SELECT {_COLUMNS} FROM buckets WHERE owner = ? AND name >= ? AND name < ? AND name > ?"
        " ORDER BY name LIMIT ?",
        (owner, prefix, prefix + LAST, after, limit),
    )
    return [BucketRow(*row) for row in rows]


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


def set_locked(tx: Transaction, id: int) -> None:
    tx.run("UPDATE buckets SET locked = 1 WHERE id = ?", (id,))


def raise_floor(tx: Transaction, id: int, seq: int) -> None:
    tx.run("UPDATE buckets SET floor = ? WHERE id = ? AND floor < ?", (seq, id, seq))


def raise_every_floor(tx: Transaction, seq: int) -> None:
    tx.run("UPDATE buckets SET floor = ? WHERE floor < ?", (seq, seq))


def uids(reads: Reads, ids: list[int]) -> dict[int, str]:
    found = {}
    for id in ids:
        row = reads.one("SELECT uid FROM buckets WHERE id = ?", (id,))
        if row is not None:
            found[id] = str(row[0])
    return found


def delete(tx: Transaction, id: int) -> None:
    tx.run("DELETE FROM buckets WHERE id = ?", (id,))
