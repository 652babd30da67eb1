"""`completed_parts`: what the parts were that a finished upload was made of."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction


class CompletedPartRow(NamedTuple):
    """`revision` is the revision's id."""

    revision: int
    number: int
    size: int
    crc32c: int | None
    checksums: str | None


_COLUMNS = "revision, number, size, crc32c, checksums"


def take_over(tx: Transaction, revision: int, upload: int) -> None:
    """Remember the parts that an upload holds, for the revision made of them."""
    tx.run(
        f"INSERT INTO completed_parts ({_COLUMNS})"
        " SELECT CAST(? AS BIGINT), number, size, crc32c, checksums FROM parts WHERE upload = ?",
        (revision, upload),
    )


def page(reads: Reads, revision: int, after: int, limit: int) -> list[CompletedPartRow]:
    rows = reads.all(
        f"SELECT {_COLUMNS} FROM completed_parts WHERE revision = ? AND number > ?"
        " ORDER BY number LIMIT ?",
        (revision, after, limit),
    )
    return [CompletedPartRow(*row) for row in rows]


def find(reads: Reads, revision: int, number: int) -> CompletedPartRow | None:
    row = reads.one(
        f"SELECT {_COLUMNS} FROM completed_parts WHERE revision = ? AND number = ?",
        (revision, number),
    )
    return CompletedPartRow(*row) if row else None


def position(reads: Reads, revision: int, number: int) -> int:
    """Where in the content a part begins: the size of all those before it."""
    row = reads.one(
        "SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM completed_parts"
        " WHERE revision = ? AND number < ?",
        (revision, number),
    )
    return int(row[0]) if row else 0


def forget(tx: Transaction, revision: int) -> None:
    """All of a revision that goes."""
    tx.run("DELETE FROM completed_parts WHERE revision = ?", (revision,))
