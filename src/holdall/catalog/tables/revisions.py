"""`revisions`: every content a chain ever had, and the delete markers among them."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction

CONTENT, MARKER = range(2)


class RevisionRow(NamedTuple):
    """`id` is the moment of the commit, `time` its time in microseconds.

    `token` is random: it tells this revision from one that a restored backup numbers alike.
    `is_null` marks what S3 calls the null version, written while versioning was not enabled.
    `checksums`, `metadata`, `tags` and `attributes` are JSON objects, None for an empty one.
    `marked` 1 when the table `marks` speaks of it, `parts` how many rows of
    `completed_parts` do: both are nearly always 0, and then nobody has to look there.
    """

    chain: int
    number: int
    id: int
    token: int
    time: int
    kind: int
    is_null: int
    size: int
    content_type: str | None
    etag: str | None
    crc32c: int | None
    checksums: str | None
    metadata: str | None
    tags: str | None
    attributes: str | None = None
    marked: int = 0
    parts: int = 0


COLUMNS = RevisionRow._fields
_LIST = ", ".join(COLUMNS)
_INSERT = f"INSERT INTO revisions ({_LIST}) VALUES ({', '.join('?' * len(COLUMNS))})"
_SELECT = f"SELECT {_LIST} FROM revisions WHERE chain = ?"


def insert(tx: Transaction, row: RevisionRow) -> None:
    tx.run(_INSERT, row)


def by_number(reads: Reads, chain: int, number: int) -> RevisionRow | None:
    row = reads.one(f"{_SELECT} AND number = ?", (chain, number))
    return RevisionRow(*row) if row else None


def newest_content(reads: Reads, chain: int, skip: int = 0) -> RevisionRow | None:
    """The newest content, or the one `skip` places before it."""
    row = reads.one(f"{_SELECT} AND kind = 0 ORDER BY number DESC LIMIT 1 OFFSET ?", (chain, skip))
    return RevisionRow(*row) if row else None


def newest(reads: Reads, chain: int) -> RevisionRow | None:
    row = reads.one(f"{_SELECT} ORDER BY number DESC LIMIT 1", (chain,))
    return RevisionRow(*row) if row else None


def null_of(reads: Reads, chain: int) -> RevisionRow | None:
    """The null version of a chain, wherever it stands."""
    row = reads.one(f"{_SELECT} AND is_null = 1 ORDER BY number DESC LIMIT 1", (chain,))
    return RevisionRow(*row) if row else None


def oldest(reads: Reads, chain: int, limit: int) -> list[RevisionRow]:
    rows = reads.all(f"{_SELECT} ORDER BY number LIMIT ?", (chain, limit))
    return [RevisionRow(*row) for row in rows]


def history(reads: Reads, chain: int, below: int, limit: int) -> list[RevisionRow]:
    """Newest first, numbers below `below`."""
    rows = reads.all(
        f"{_SELECT} AND number < ? ORDER BY number DESC LIMIT ?", (chain, below, limit)
    )
    return [RevisionRow(*row) for row in rows]


def follower(reads: Reads, chain: int, number: int) -> int | None:
    """The moment at which revision `number` was followed by another."""
    row = reads.one(
        "SELECT id FROM revisions WHERE chain = ? AND number > ? ORDER BY number LIMIT 1",
        (chain, number),
    )
    return int(row[0]) if row else None


def followers(reads: Reads, chain: int, number: int, limit: int) -> list[RevisionRow]:
    """Oldest first, numbers beyond `number`."""
    rows = reads.all(f"{_SELECT} AND number > ? ORDER BY number LIMIT ?", (chain, number, limit))
    return [RevisionRow(*row) for row in rows]


def set_tags(tx: Transaction, row: RevisionRow, tags: str | None) -> None:
    tx.run(
        "UPDATE revisions SET tags = ? WHERE chain = ? AND number = ?",
        (tags, row.chain, row.number),
    )


def set_marked(tx: Transaction, row: RevisionRow, marked: bool) -> None:
    tx.run(
        "UPDATE revisions SET marked = ? WHERE chain = ? AND number = ?",
        (int(marked), row.chain, row.number),
    )


def delete(tx: Transaction, row: RevisionRow) -> None:
    tx.run("DELETE FROM revisions WHERE chain = ? AND number = ?", (row.chain, row.number))


def count(reads: Reads, chain: int, kind: int) -> int:
    row = reads.one("SELECT count(*) FROM revisions WHERE chain = ? AND kind = ?", (chain, kind))
    return int(row[0]) if row else 0
