"""What the parts were that a content was made of (S3 GetObject by part, GetObjectAttributes)."""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from holdall.catalog.tables import completed_parts
from holdall.catalog.tables.completed_parts import CompletedPartRow
from holdall.catalog.transaction import Reads
from holdall.core.names import encode_key
from holdall.core.values import CompletedPart, Revision
from holdall.engine import records
from holdall.engine.checking import check_limit
from holdall.engine.engine import Engine
from holdall.engine.naming import (
    RevisionRef,
    bucket_ref,
    find_bucket,
    find_revision,
    require_content,
)


class MadeOf(NamedTuple):
    """A revision with some of its parts; none where it was not sent in parts."""

    revision: Revision
    parts: tuple[CompletedPart, ...]


async def completed_parts_of(
    engine: Engine,
    bucket: str,
    key: str,
    revision: RevisionRef = None,
    *,
    after: int = 0,
    limit: int = 1000,
) -> MadeOf:
    """The parts of a revision with numbers beyond `after`, in order; `Revision.parts` says of
    how many. A copy has none: it was not sent in parts."""
    ref, name = bucket_ref(bucket), encode_key(key)
    check_limit(limit)

    def query(reads: Reads) -> MadeOf:
        of = find_bucket(reads, ref, engine.owner)
        found, is_current = find_revision(reads, of, name, revision)
        row = require_content(found, of, name)
        rows = completed_parts.page(reads, row.id, after, limit) if row.parts else []
        return MadeOf(records.revision(key, row, is_current=is_current), _placed(reads, rows))

    return await engine.catalog.read(query)


async def completed_part(
    engine: Engine, bucket: str, key: str, number: int, revision: RevisionRef = None
) -> MadeOf:
    """As `completed_parts_of`, of the part of that number, or none where there is no such."""
    made = await completed_parts_of(engine, bucket, key, revision, after=number - 1, limit=1)
    return made._replace(parts=tuple(part for part in made.parts if part.number == number))


def _placed(reads: Reads, rows: list[CompletedPartRow]) -> tuple[CompletedPart, ...]:
    if not rows:
        return ()
    first = completed_parts.position(reads, rows[0].revision, rows[0].number)
    starts = accumulate((row.size for row in rows), initial=first)
    return tuple(
        CompletedPart(row.number, start, row.size, records.checksums(row))
        for row, start in zip(rows, starts, strict=False)
    )
