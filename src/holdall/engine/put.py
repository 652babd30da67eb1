"""Store a blob."""

from __future__ import annotations

from holdall.catalog.tables import buckets
from holdall.catalog.tables.revisions import RevisionRow
from holdall.catalog.transaction import Transaction
from holdall.core.content_types import guess_content_type
from holdall.core.names import encode_key
from holdall.core.sources import Source, small
from holdall.core.values import PutOptions, Revision
from holdall.engine import records
from holdall.engine.append import Content, append
from holdall.engine.checking import check_content_type, check_pairs
from holdall.engine.collect import collect_soon
from holdall.engine.engine import SMALL, Engine
from holdall.engine.naming import bucket_ref, find_bucket
from holdall.engine.receive import Received, described, in_hand, receive


async def put(
    engine: Engine, bucket: str, key: str, source: Source, options: PutOptions
) -> Revision:
    ref, name = bucket_ref(bucket), encode_key(key)
    check_content_type(options.content_type)
    metadata, tags = check_pairs(options.metadata), check_pairs(options.tags)

    def content(received: Received) -> Content:
        kind = options.content_type or guess_content_type(key, received.first)
        return described(received.content, kind, metadata, tags)

    def unit(tx: Transaction, new: Content) -> tuple[RevisionRow, bool]:
        into = find_bucket(tx, ref, engine.owner)
        row = append(tx, into, name, new, actor=engine.owner, condition=options.precondition)
        return row, into.versioning != buckets.ENABLED

    data = small(source)
    if data is not None and len(data) <= SMALL:
        new = content(in_hand(data, options.checksums))
        row, dooms = await engine.catalog.write(lambda tx: unit(tx, new))
    else:
        await _require_bucket(engine, bucket)
        async with receive(engine, source, options.checksums) as received:
            new = content(received)
            row, dooms = await engine.catalog.write(lambda tx: unit(tx, new))
    if dooms:
        collect_soon(engine)
    return records.revision(key, row)


async def _require_bucket(engine: Engine, bucket: str) -> None:
    """Say that there is no such bucket before gigabytes are sent to it."""
    ref = bucket_ref(bucket)
    await engine.catalog.read(lambda reads: find_bucket(reads, ref, engine.owner))
