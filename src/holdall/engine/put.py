"""Store a blob."""

from __future__ import annotations

from functools import partial

from holdall.catalog.tables import buckets
from holdall.catalog.tables.revisions import RevisionRow
from holdall.catalog.transaction import Transaction
from holdall.core.content_types import guess_content_type
from holdall.core.names import BucketRef, encode_key
from holdall.core.sources import Source, in_memory
from holdall.core.values import PutOptions, Revision
from holdall.engine import records
from holdall.engine.append import append_to
from holdall.engine.checking import check_content_type, check_marks, check_pairs
from holdall.engine.collect import collect_soon
from holdall.engine.content import Content
from holdall.engine.engine import SMALL, Engine
from holdall.engine.naming import bucket_ref, find_bucket, find_target
from holdall.engine.receive import Received, in_hand, receive
from holdall.engine.sealing import Seal


async def put(
    engine: Engine,
    bucket: str,
    key: str,
    source: Source,
    options: PutOptions,
    seal: Seal | None = None,
) -> Revision:
    ref, name = bucket_ref(bucket), encode_key(key)
    check_content_type(options.content_type)
    metadata, tags = check_pairs(options.metadata), check_pairs(options.tags)
    attributes, marks = check_pairs(options.attributes), check_marks(options.marks)

    def unit(tx: Transaction, content: Content) -> tuple[RevisionRow, bool]:
        into, target = find_target(tx, ref, engine.owner, name)
        condition = options.precondition
        row = append_to(tx, into, target, name, content, actor=engine.owner, condition=condition)
        return row, target.blob is not None and into.versioning != buckets.ENABLED

    def described(received: Received) -> Content:
        kind = options.content_type or guess_content_type(key, received.first)
        return received.content._replace(
            content_type=kind, metadata=metadata, tags=tags, attributes=attributes, marks=marks
        )

    data = in_memory(source, SMALL)
    if data is not None:  # nothing can be left over, so nothing has to be given up
        content = described(in_hand(data, options.checksums, seal))
        row, dooms = await engine.catalog.write(partial(unit, content=content))
    else:
        await _require_bucket(engine, ref)
        async with receive(engine, source, options.checksums, seal) as received:
            content = described(received)
            row, dooms = await engine.catalog.write(partial(unit, content=content))
    if dooms:
        collect_soon(engine)
    return records.revision(key, row)


async def _require_bucket(engine: Engine, ref: BucketRef) -> None:
    """Say that there is no such bucket before gigabytes are sent to it."""
    await engine.catalog.read(partial(find_bucket, ref=ref, owner=engine.owner))
