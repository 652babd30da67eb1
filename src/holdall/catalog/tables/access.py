"""What every request of a server needs to know of a bucket, from three tables at once.

One statement: each is a chance for another thread to take its turn, and to be given ours
back costs more than all that SQLite does here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.grants import GrantRow
from holdall.catalog.transaction import Reads, Row

_BUCKET, _SETTING, _GRANT = range(3)
_WIDTH = len(BucketRow._fields)
_COLUMNS = ", ".join(f"b.{name}" for name in BucketRow._fields)
_NAMED = (
    f"SELECT {_COLUMNS}, {_BUCKET}, '', '' FROM buckets b WHERE b.name = ?"
    f" UNION ALL SELECT {_COLUMNS}, {_SETTING}, s.name, s.value"
    " FROM buckets b JOIN settings s ON s.bucket = b.id WHERE b.name = ?"
    f" UNION ALL SELECT {_COLUMNS}, {_GRANT}, g.grantee, g.level"
    " FROM buckets b JOIN grants g ON g.bucket = b.id WHERE b.name = ?"
)


class AccessRows(NamedTuple):
    """A bucket, its documents by name, and whom it is shared with; in no particular order."""

    bucket: BucketRow
    settings: tuple[tuple[str, str], ...]
    grants: tuple[GrantRow, ...]


def named(reads: Reads, name: str) -> tuple[AccessRows, ...]:
    """Of every bucket of that name, whoever owns it. Equal rows give the same object."""
    return _each(tuple(reads.all(_NAMED, (name, name, name))))


@lru_cache(maxsize=1024)  # they are looked up again and again, and seldom change
def _each(rows: tuple[Row, ...]) -> tuple[AccessRows, ...]:
    return tuple(
        _gathered(BucketRow(*row[:_WIDTH]), rows) for row in rows if row[_WIDTH] == _BUCKET
    )


def _gathered(bucket: BucketRow, rows: tuple[Row, ...]) -> AccessRows:
    found = [row[_WIDTH:] for row in rows if row[0] == bucket.id]
    return AccessRows(
        bucket,
        tuple((str(name), str(value)) for kind, name, value in found if kind == _SETTING),
        tuple(
            GrantRow(bucket.id, str(grantee), str(level))
            for kind, grantee, level in found
            if kind == _GRANT
        ),
    )
