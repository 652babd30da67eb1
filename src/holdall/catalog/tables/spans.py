"""`spans`: which ranges of which payloads make up a content.

The owner is the id of a revision or of an upload's part; both come from the one counter.
There is no counter of references: a payload is in use while a span says so.
"""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.transaction import Reads, Transaction

Wrapped = bytes
"""A data key, encrypted. A name of its own: `bytes` is a column below."""


class SpanRow(NamedTuple):
    """`length` bytes of a payload from `start` on, at `position` in the content."""

    position: int
    payload: int
    start: int
    length: int


class LocatedSpan(NamedTuple):
    """A span with where its bytes are: `token` and `size` of a stored payload, else `bytes`.

    `sealed` is the wrapped key that they are encrypted with, None for plain ones.
    """

    position: int
    payload: int
    start: int
    length: int
    token: str | None
    size: int | None
    crc32c: int | None
    bytes: bytes | None
    sealed: Wrapped | None = None


def insert(tx: Transaction, owner: int, span: SpanRow) -> None:
    tx.run(
        "INSERT INTO spans (owner, position, payload, start, length) VALUES (?, ?, ?, ?, ?)",
        (owner, *span),
    )


def of(reads: Reads, owner: int) -> list[SpanRow]:
    rows = reads.all(
        "SELECT position, payload, start, length FROM spans WHERE owner = ? ORDER BY position",
        (owner,),
    )
    return [SpanRow(*row) for row in rows]


def of_parts(reads: Reads, upload: int) -> dict[int, list[SpanRow]]:
    """The spans of an upload's parts, by the id of the part."""
    found: dict[int, list[SpanRow]] = {}
    for row in reads.all(
        "SELECT s.owner, s.position, s.payload, s.start, s.length FROM parts p"
        " JOIN spans s ON s.owner = p.id WHERE p.upload = ? ORDER BY p.number, s.position",
        (upload,),
    ):
        found.setdefault(row[0], []).append(SpanRow(*row[1:]))
    return found


_LOCATED = (
    "SELECT s.position, s.payload, s.start, s.length, p.token, p.size, m.crc32c, m.bytes,"
    " COALESCE(p.sealed, m.sealed)"
    " FROM spans s LEFT JOIN payloads p ON p.id = s.payload"
    " LEFT JOIN small_payloads m ON m.id = s.payload"
    " WHERE s.owner = ? AND s.position >= ? AND s.position < ? ORDER BY s.position LIMIT ?"
)


def located(reads: Reads, owner: int, start: int, end: int, limit: int) -> list[LocatedSpan]:
    """The first `limit` spans that hold bytes `start` to `end` of a content."""
    rows = reads.all(_LOCATED, (owner, _span_at(reads, owner, start), end, limit))
    return [LocatedSpan(*row) for row in rows]


def _span_at(reads: Reads, owner: int, start: int) -> int:
    """The position of the span that holds byte `start`."""
    if start == 0:
        return 0
    row = reads.one(
        "SELECT position FROM spans WHERE owner = ? AND position <= ?"
        " ORDER BY position DESC LIMIT 1",
        (owner, start),
    )
    return int(row[0]) if row else 0


def locate(reads: Reads, span: SpanRow) -> LocatedSpan | None:
    """Where the bytes of a span are; None when its payload is gone."""
    row = reads.one(
        "SELECT token, size, NULL, NULL, sealed FROM payloads WHERE id = ?"
        " UNION ALL SELECT NULL, NULL, crc32c, bytes, sealed FROM small_payloads WHERE id = ?",
        (span.payload, span.payload),
    )
    return LocatedSpan(*span, *row) if row else None


def is_used(reads: Reads, payload: int) -> bool:
    return reads.one("SELECT 1 FROM spans WHERE payload = ? LIMIT 1", (payload,)) is not None


def delete_of_parts(tx: Transaction, upload: int) -> None:
    tx.run("DELETE FROM spans WHERE owner IN (SELECT id FROM parts WHERE upload = ?)", (upload,))


def delete(tx: Transaction, owner: int) -> None:
    tx.run("DELETE FROM spans WHERE owner = ?", (owner,))
