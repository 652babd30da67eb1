"""A current revision whose content is one small payload, and the bytes, in one statement.

That is most of what is ever read. Finding the rest takes several statements in one view.
"""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.tables.buckets import Address, addressed
from holdall.catalog.tables.revisions import COLUMNS, RevisionRow
from holdall.catalog.tables.spans import LocatedSpan
from holdall.catalog.transaction import Reads

_WIDTH = len(COLUMNS)
_AT = addressed(
    f"SELECT {', '.join(f'r.{name}' for name in COLUMNS)}, COALESCE(buckets.name, buckets.uid),"
    " s.position, s.payload, s.start, s.length, NULL, NULL, m.crc32c, m.bytes, m.sealed"
    " FROM buckets JOIN blobs b ON b.bucket = buckets.id"
    " JOIN revisions r ON r.chain = b.chain AND r.number = b.current"
    " JOIN spans s ON s.owner = r.id AND s.position = 0"
    " JOIN small_payloads m ON m.id = s.payload"
    " WHERE s.length = r.size AND b.deleted = 0 AND b.key = ? AND "
)


class SmallContent(NamedTuple):
    """`bucket` is what people call it."""

    row: RevisionRow
    bucket: str
    span: LocatedSpan


def at(reads: Reads, address: Address, key: bytes) -> SmallContent | None:
    """None also where there is no such bucket or key."""
    row = reads.one(_AT[len(address)], (key, *address))
    if row is None:
        return None
    return SmallContent(RevisionRow(*row[:_WIDTH]), row[_WIDTH], LocatedSpan(*row[_WIDTH + 1 :]))
