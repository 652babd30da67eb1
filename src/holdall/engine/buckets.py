"""Make, find, change and delete buckets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from holdall.catalog.tables import blobs, buckets, events, uploads, usage
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.events import Kind
from holdall.catalog.transaction import Reads, Tick, Transaction
from holdall.core.errors import BucketExists, BucketNotEmpty, Conflict
from holdall.core.names import BucketRef, check_bucket_name, new_bucket_id
from holdall.core.values import BucketRecord, Usage, Versioning
from holdall.engine.collect import collect_soon
from holdall.engine.engine import Engine
from holdall.engine.naming import bucket_ref, find_bucket
from holdall.engine.records import VERSIONING_CODE, bucket_record
from holdall.engine.remove import remove_some
from holdall.engine.uploads import abort_row

BATCH = 500


async def create(engine: Engine, name: str | None, versioning: Versioning) -> BucketRecord:
    if name is not None:
        check_bucket_name(name)
    uid = new_bucket_id()

    def unit(tx: Transaction) -> BucketRow:
        tick = tx.tick()
        code = VERSIONING_CODE[versioning]
        row = BucketRow(tick.seq, uid, engine.owner, name, tick.time, code, 0, tick.seq)
        if not buckets.insert(tx, row):
            raise BucketExists(f"There is a bucket {name} already.", bucket=name)
        events.log(tx, tick, Kind.BUCKET_CREATED, row.id, engine.owner)
        return row

    return bucket_record(await engine.catalog.write(unit))


async def get(engine: Engine, bucket: str) -> BucketRecord:
    return bucket_record(await engine.catalog.read(_finding(engine, bucket)))


async def every(engine: Engine) -> list[BucketRecord]:
    rows = await engine.catalog.scan(lambda reads: buckets.of_owner(reads, engine.owner))
    return [bucket_record(row) for row in rows]


async def measure(engine: Engine, bucket: str) -> Usage:
    find = _finding(engine, bucket)
    return await engine.catalog.read(lambda reads: usage.of(reads, find(reads).id))


async def set_public_access(engine: Engine, bucket: str, public: bool) -> BucketRecord:
    return await _change(
        engine, bucket, lambda tx, row, tick: buckets.set_public(tx, row.id, public)
    )


async def set_versioning(engine: Engine, bucket: str, versioning: Versioning) -> BucketRecord:
    """History begins anew when versioning was off; once on it is never off again (S3)."""
    code = VERSIONING_CODE[versioning]

    def change(tx: Transaction, row: BucketRow, tick: Tick) -> None:
        if code == buckets.OFF != row.versioning:
            raise Conflict("Versioning that was on can only be suspended.", bucket=row.shown)
        floor = tick.seq if row.versioning == buckets.OFF else row.floor
        buckets.set_versioning(tx, row.id, code, floor)

    return await _change(engine, bucket, change)


async def _change(
    engine: Engine, bucket: str, change: Callable[[Transaction, BucketRow, Tick], None]
) -> BucketRecord:
    find = _finding(engine, bucket)

    def unit(tx: Transaction) -> BucketRow:
        row, tick = find(tx), tx.tick()
        change(tx, row, tick)
        events.log(tx, tick, Kind.BUCKET_CHANGED, row.id, engine.owner)
        return find(tx)

    return bucket_record(await engine.catalog.write(unit))


async def delete(engine: Engine, bucket: str, force: bool) -> None:
    ref = bucket_ref(bucket)
    if force:
        while await engine.catalog.write(partial(_empty_some, ref, engine.owner), essential=True):
            pass
    await engine.catalog.write(partial(_delete_empty, ref, engine.owner), essential=True)
    collect_soon(engine)


def _delete_empty(ref: BucketRef, owner: str, tx: Transaction) -> None:
    row = find_bucket(tx, ref, owner)
    if blobs.every(tx, row.id, 1) or uploads.of_bucket(tx, row.id, 1):
        raise _not_empty(tx, row)
    tick = tx.tick()
    usage.forget(tx, row.id)
    buckets.delete(tx, row.id)
    events.log(tx, tick, Kind.BUCKET_DELETED, row.id, owner)


def _empty_some(ref: BucketRef, owner: str, tx: Transaction) -> bool:
    """Remove some of what the bucket holds; whether there may be more."""
    row = find_bucket(tx, ref, owner)
    room = BATCH
    for upload in uploads.of_bucket(tx, row.id, 1):
        abort_row(tx, upload)
        return True
    for key, blob in blobs.every(tx, row.id, BATCH):
        room -= remove_some(tx, row, key, blob, owner, room)
        if room <= 0:
            break
    return room < BATCH


def _not_empty(tx: Transaction, row: BucketRow) -> BucketNotEmpty:
    held = usage.of(tx, row.id)
    unfinished = len(uploads.of_bucket(tx, row.id, 1000))
    return BucketNotEmpty(
        f"Bucket {row.shown} holds {held.blobs} blobs, {held.revisions - held.blobs} old revisions,"
        f" {held.markers} delete markers and {unfinished} unfinished uploads.",
        bucket=row.shown,
        usage=held,
    )


def _finding(engine: Engine, bucket: str) -> Callable[[Reads], BucketRow]:
    ref = bucket_ref(bucket)
    return lambda reads: find_bucket(reads, ref, engine.owner)
