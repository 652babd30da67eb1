"""Old revisions: seeing them, bringing one back, taking a deletion back."""

from __future__ import annotations

from holdall.catalog.tables import blobs, revisions
from holdall.catalog.tables.revisions import RevisionRow
from holdall.catalog.transaction import Reads, Transaction
from holdall.core.errors import Conflict
from holdall.core.names import encode_key
from holdall.core.values import NEWEST, Revision
from holdall.engine import records
from holdall.engine.append import append
from holdall.engine.checking import check_limit
from holdall.engine.collect import collect_soon
from holdall.engine.copy import same_content
from holdall.engine.engine import Engine
from holdall.engine.naming import RevisionRef, bucket_ref, find_bucket

ALL = 2**62


async def history(
    engine: Engine, bucket: str, key: str, after: int | None, limit: int
) -> list[Revision]:
    ref, name = bucket_ref(bucket), encode_key(key)
    check_limit(limit)

    def query(reads: Reads) -> list[Revision]:
        blob = blobs.find(reads, find_bucket(reads, ref, engine.owner).id, name)
        if blob is None:
            return []
        rows = revisions.history(reads, blob.chain, ALL if after is None else after, limit)
        return [records.revision(key, row, is_current=row.number == blob.current) for row in rows]

    return await engine.catalog.scan(query)


async def restore(engine: Engine, bucket: str, key: str, revision: RevisionRef) -> Revision:
    ref, name = bucket_ref(bucket), encode_key(key)

    def unit(tx: Transaction) -> RevisionRow:
        of = find_bucket(tx, ref, engine.owner)
        return append(tx, of, name, same_content(tx, of, name, revision, {}), actor=engine.owner)

    row = await engine.catalog.write(unit)
    collect_soon(engine)
    return records.revision(key, row)


async def undelete(engine: Engine, bucket: str, key: str) -> Revision:
    """The marker stays: the history must go on saying that the blob was deleted then."""
    ref, name = bucket_ref(bucket), encode_key(key)

    def unit(tx: Transaction) -> RevisionRow:
        of = find_bucket(tx, ref, engine.owner)
        blob = blobs.find(tx, of.id, name)
        if blob is not None and not blob.deleted:
            raise Conflict(f"{key!r} is not deleted.", bucket=bucket, key=key)
        return append(tx, of, name, same_content(tx, of, name, NEWEST, {}), actor=engine.owner)

    row = await engine.catalog.write(unit)
    collect_soon(engine)
    return records.revision(key, row)
