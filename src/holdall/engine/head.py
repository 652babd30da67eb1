"""The metadata of a blob, and what can be changed of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from holdall.catalog.tables import blobs, events, revisions
from holdall.catalog.tables.events import Kind
from holdall.catalog.transaction import Reads, Transaction
from holdall.core.names import encode_key
from holdall.core.values import Revision
from holdall.engine import records
from holdall.engine.checking import check_pairs
from holdall.engine.engine import Engine
from holdall.engine.naming import (
    RevisionRef,
    address_of,
    bucket_ref,
    find_bucket,
    find_revision,
    require_content,
)


async def head(engine: Engine, bucket: str, key: str, revision: RevisionRef) -> Revision:
    ref, name = bucket_ref(bucket), encode_key(key)
    if revision is None:
        current = partial(blobs.current_at, address=address_of(ref, engine.owner), key=name)
        if (row := await engine.catalog.read(current, single=True)) is not None:
            return records.revision(key, row)

    def query(reads: Reads) -> Revision:
        """Also where there is no current one: this says what is the matter."""
        row, is_current = find_revision(
            reads, find_bucket(reads, ref, engine.owner), name, revision
        )
        return records.revision(key, row, is_current=is_current)

    return await engine.catalog.read(query)


async def set_tags(
    engine: Engine, bucket: str, key: str, tags: Mapping[str, str], revision: RevisionRef
) -> None:
    ref, name, packed = bucket_ref(bucket), encode_key(key), check_pairs(tags)

    def unit(tx: Transaction) -> None:
        of = find_bucket(tx, ref, engine.owner)
        row, _ = find_revision(tx, of, name, revision)
        revisions.set_tags(tx, require_content(row, of, name), packed)
        events.log(tx, tx.tick(), Kind.TAGGED, of.id, engine.owner, name, row.number, row.size)

    await engine.catalog.write(unit)
