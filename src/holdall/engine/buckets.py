"""Make, find, change and delete buckets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from holdall.catalog.tables import (
    access_keys,
    blobs,
    buckets,
    events,
    grants,
    settings,
    uploads,
    usage,
)
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.events import Kind
from holdall.catalog.transaction import Reads, Tick, Transaction
from holdall.core.errors import BucketExists, BucketNotEmpty, Conflict, InvalidArgument
from holdall.core.names import BucketRef, check_bucket_name, new_bucket_id
from holdall.core.values import BucketRecord, Usage, Versioning
from holdall.engine.checking import check_limit, encode_text
from holdall.engine.collect import collect_soon
from holdall.engine.engine import Engine
from holdall.engine.naming import bucket_ref, find_bucket
from holdall.engine.records import VERSIONING_CODE, bucket_record
from holdall.engine.remove import remove_some
from holdall.engine.uploads import abort_row

BATCH = 500
NONE: Mapping[str, str] = {}


async def create(
    engine: Engine,
    name: str | None,
    versioning: Versioning,
    *,
    exclusive: bool = False,
    locked: bool = False,
    documents: Mapping[str, str] = NONE,
) -> BucketRecord:
    """Make a bucket. `BucketExists`, whose fact `owner` says whose, when the owner has one of
    that name, or, where it shall be `exclusive`, when anybody has. A `locked` one can keep
    revisions from being removed (S3 Object Lock); its versioning must be enabled.
    `documents` are its settings from the beginning."""
    if name is not None:
        check_bucket_name(name)
    if locked and versioning is not Versioning.ENABLED:
        raise InvalidArgument("A locked bucket needs versioning.", bucket=name)
    uid = new_bucket_id()

    def unit(tx: Transaction) -> BucketRow:
        tick = tx.tick()
        code = VERSIONING_CODE[versioning]
        if exclusive and name is not None:
            _refuse_taken(tx, name)
        seq, time = tick
        row = BucketRow(seq, uid, engine.owner, name, time, code, 0, seq, int(locked))
        if not buckets.insert(tx, row):
            raise _taken(name, engine.owner)
        for document, value in documents.items():
            settings.put(tx, row.id, document, value)
        events.log(tx, tick, Kind.BUCKET_CREATED, row.id, engine.owner)
        return row

    return bucket_record(await engine.catalog.write(unit))


def _refuse_taken(reads: Reads, name: str) -> None:
    for taken in buckets.named(reads, name):
        raise _taken(name, taken.owner)


def _taken(name: str | None, owner: str) -> BucketExists:
    return BucketExists(f"There is a bucket {name} already.", bucket=name, owner=owner)


async def get(engine: Engine, bucket: str) -> BucketRecord:
    return bucket_record(await engine.catalog.read(_finding(engine, bucket)))


async def every(engine: Engine) -> list[BucketRecord]:
    rows = await engine.catalog.scan(lambda reads: buckets.of_owner(reads, engine.owner))
    return [bucket_record(row) for row in rows]


async def named(engine: Engine, name: str) -> list[BucketRecord]:
    """The buckets of that name, whoever owns them, the oldest first."""
    rows = await engine.catalog.read(lambda reads: buckets.named(reads, name))
    return [bucket_record(row) for row in rows]


async def page(
    engine: Engine, *, prefix: str = "", after: str = "", limit: int = 1000
) -> list[BucketRecord]:
    """The owner's named buckets by name, after the name `after`; one more asked for than
    needed tells whether there are more."""
    check_limit(limit)
    encode_text(prefix + after)
    rows = await engine.catalog.scan(
        lambda reads: buckets.page(reads, engine.owner, prefix, after, limit)
    )
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
        if row.locked and code != buckets.ENABLED:
            raise Conflict("A locked bucket keeps its versions.", bucket=row.shown, locked=True)
        floor = tick.seq if row.versioning == buckets.OFF else row.floor
        buckets.set_versioning(tx, row.id, code, floor)

    return await _change(engine, bucket, change)


async def lock(engine: Engine, bucket: str) -> BucketRecord:
    """Let revisions be kept from being removed, for ever. `Conflict` unless versioning is
    enabled (S3 PutObjectLockConfiguration)."""

    def change(tx: Transaction, row: BucketRow, tick: Tick) -> None:
        if row.versioning != buckets.ENABLED:
            raise Conflict("A locked bucket needs versioning.", bucket=row.shown)
        buckets.set_locked(tx, row.id)

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


async def delete(
    engine: Engine,
    bucket: str,
    force: bool,
    *,
    bypass: bool = False,
    with_uploads: bool = False,
) -> None:
    """By force all that it holds goes first; `Locked` at the first revision that has to stay.
    `with_uploads`: unfinished uploads are no reason to keep it (S3 DeleteBucket).

    Access keys that were good for it are not good for the next bucket of its name."""
    ref = bucket_ref(bucket)
    empty_some = partial(_abort_one, ref, engine.owner)
    if force:
        empty_some = partial(_empty_some, ref, engine.owner, bypass)
    while (force or with_uploads) and await engine.catalog.write(empty_some, essential=True):
        pass
    await engine.catalog.write(partial(_delete_empty, ref, engine.owner), essential=True)
    collect_soon(engine)


def _delete_empty(ref: BucketRef, owner: str, tx: Transaction) -> None:
    row = find_bucket(tx, ref, owner)
    if blobs.every(tx, row.id, 1) or uploads.of_bucket(tx, row.id, 1):
        raise _not_empty(tx, row)
    tick = tx.tick()
    usage.forget(tx, row.id)
    settings.forget(tx, row.id)
    grants.forget(tx, row.id)
    buckets.delete(tx, row.id)
    _forget_in_keys(tx, row.name)
    events.log(tx, tick, Kind.BUCKET_DELETED, row.id, owner)


def _forget_in_keys(tx: Transaction, name: str | None) -> None:
    """Keys know buckets by name: another owner's of the same name may be the one they mean."""
    if name is not None and not buckets.named(tx, name):
        access_keys.forget_bucket(tx, name)


def _abort_one(ref: BucketRef, owner: str, tx: Transaction) -> bool:
    """Abort an upload of a bucket that holds nothing else; whether there was one."""
    row = find_bucket(tx, ref, owner)
    if blobs.every(tx, row.id, 1):
        raise _not_empty(tx, row)
    found = uploads.of_bucket(tx, row.id, 1)
    for upload in found:
        abort_row(tx, upload)
    return bool(found)


def _empty_some(ref: BucketRef, owner: str, bypass: bool, tx: Transaction) -> bool:
    """Remove some of what the bucket holds; whether there may be more."""
    row = find_bucket(tx, ref, owner)
    room = BATCH
    for upload in uploads.of_bucket(tx, row.id, 1):
        abort_row(tx, upload)
        return True
    for key, blob in blobs.every(tx, row.id, BATCH):
        room -= remove_some(tx, row, key, blob, owner, room, bypass=bypass)
        if room <= 0:
            break
    return room < BATCH


def _not_empty(tx: Transaction, row: BucketRow) -> BucketNotEmpty:
    held = usage.of(tx, row.id)
    counts = {
        "blob": held.blobs,
        "old revision": held.revisions - held.blobs,
        "delete marker": held.markers,
        "unfinished upload": len(uploads.of_bucket(tx, row.id, 1000)),
    }
    said = ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for what, n in counts.items() if n)
    return BucketNotEmpty(f"Bucket {row.shown} holds {said}.", bucket=row.shown, usage=held)


def _finding(engine: Engine, bucket: str) -> Callable[[Reads], BucketRow]:
    ref = bucket_ref(bucket)
    return lambda reads: find_bucket(reads, ref, engine.owner)
