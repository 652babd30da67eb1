"""Documents of a bucket, by name: its policy, its ACL, its rules. What they say is the server's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdall.catalog.tables import buckets, events, settings
from holdall.catalog.tables.events import Kind
from holdall.catalog.transaction import Reads, Transaction
from holdall.engine.checking import check_setting
from holdall.engine.engine import Engine
from holdall.engine.naming import bucket_ref, find_bucket


async def get(engine: Engine, bucket: str, name: str) -> str | None:
    ref = bucket_ref(bucket)
    return await engine.catalog.read(
        lambda reads: settings.get(reads, find_bucket(reads, ref, engine.owner).id, name)
    )


async def all(engine: Engine, bucket: str) -> Mapping[str, str]:
    ref = bucket_ref(bucket)

    def query(reads: Reads) -> Mapping[str, str]:
        return settings.of(reads, find_bucket(reads, ref, engine.owner).id)

    return await engine.catalog.read(query)


async def put(engine: Engine, bucket: str, name: str, value: str) -> None:
    """Make or replace a document. `object-lock` is the bucket's default retention, which
    `holdall.engine.locking` applies; the engine reads no other. `InvalidArgument`."""
    ref = bucket_ref(bucket)
    check_setting(name, value)

    def unit(tx: Transaction) -> None:
        of = find_bucket(tx, ref, engine.owner)
        settings.put(tx, of.id, name, value)
        events.log(tx, tx.tick(), Kind.BUCKET_CHANGED, of.id, engine.owner)

    await engine.catalog.write(unit)


async def delete(engine: Engine, bucket: str, name: str) -> bool:
    """False when there was none, which is no error (S3 DeleteBucketPolicy and its like)."""
    ref = bucket_ref(bucket)

    def unit(tx: Transaction) -> bool:
        of = find_bucket(tx, ref, engine.owner)
        found = settings.delete(tx, of.id, name)
        if found:
            events.log(tx, tx.tick(), Kind.BUCKET_CHANGED, of.id, engine.owner)
        return found

    return await engine.catalog.write(unit)


async def holders(engine: Engine, name: str, ids: Sequence[str]) -> Mapping[str, str]:
    """The document of that name of each of those buckets that has one, by the buckets' ids."""

    def query(reads: Reads) -> Mapping[str, str]:
        rows = (buckets.by_uid(reads, id) for id in ids)
        found = ((row.uid, settings.get(reads, row.id, name)) for row in rows if row)
        return {id: text for id, text in found if text is not None}

    return await engine.catalog.scan(query)
