"""Delete a blob, one of its revisions, or all of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from holdall.catalog.tables import blobs, buckets
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.revisions import RevisionRow
from holdall.catalog.transaction import Transaction, Unit
from holdall.core.errors import BlobNotFound, HoldallError
from holdall.core.names import encode_key
from holdall.core.values import ALWAYS, Deletion, Precondition, Removal, Revision
from holdall.engine import records
from holdall.engine.append import TOMBSTONE, append
from holdall.engine.collect import collect_soon
from holdall.engine.demands import demand
from holdall.engine.engine import Engine
from holdall.engine.naming import RevisionRef, bucket_ref, find_bucket, find_revision, no_blob
from holdall.engine.remove import remove_revision, remove_some

BATCH = 500


async def delete(
    engine: Engine, bucket: str, key: str, revision: RevisionRef, condition: Precondition
) -> Revision | None:
    ref, name = bucket_ref(bucket), encode_key(key)

    def unit(tx: Transaction) -> RevisionRow | None:
        of = find_bucket(tx, ref, engine.owner)
        if condition is not ALWAYS:
            demand(condition, blobs.target(tx, of.id, name), of, name)
        if revision is None:
            return delete_current(tx, of, name, engine.owner)
        _remove(tx, of, name, revision, engine.owner, bypass=False)
        return None

    row = await engine.catalog.write(unit, essential=True)
    collect_soon(engine)
    return records.revision(key, row) if row else None


def delete_current(
    tx: Transaction, bucket: BucketRow, key: bytes, actor: str
) -> RevisionRow | None:
    """Put a delete marker on top, which is returned; without versioning drop the blob."""
    blob = blobs.find(tx, bucket.id, key)
    if blob is None or blob.deleted:
        raise no_blob(bucket, key)
    if bucket.versioning != buckets.OFF:
        return append(tx, bucket, key, TOMBSTONE, actor=actor)
    row, _ = find_revision(tx, bucket, key, None)
    remove_revision(tx, bucket, key, blob, row, actor)
    return None


def _remove(
    tx: Transaction,
    bucket: BucketRow,
    key: bytes,
    revision: RevisionRef,
    actor: str,
    *,
    bypass: bool,
) -> RevisionRow:
    row, _ = find_revision(tx, bucket, key, revision)
    blob = blobs.find(tx, bucket.id, key)
    assert blob is not None, "the revision was found through it"
    remove_revision(tx, bucket, key, blob, row, actor, bypass=bypass)
    return row


async def mark_deleted(
    engine: Engine, bucket: str, key: str, condition: Precondition = ALWAYS
) -> Revision | None:
    """Delete as S3 does: a versioned bucket gets a delete marker, whatever the key holds and
    even if it never was, which is returned; in a suspended one it replaces the null version.
    Another bucket loses the blob, if there is one. `Locked` where that one has to stay."""
    ref, name = bucket_ref(bucket), encode_key(key)

    def unit(tx: Transaction) -> RevisionRow | None:
        of = find_bucket(tx, ref, engine.owner)
        return _mark_deleted(tx, of, name, condition, engine.owner)

    row = await engine.catalog.write(unit, essential=True)
    collect_soon(engine)
    return records.revision(key, row) if row else None


def _mark_deleted(
    tx: Transaction, bucket: BucketRow, key: bytes, condition: Precondition, actor: str
) -> RevisionRow | None:
    if bucket.versioning != buckets.OFF:
        return append(tx, bucket, key, TOMBSTONE, actor=actor, condition=condition)
    target = blobs.target(tx, bucket.id, key)
    if condition is not ALWAYS:
        demand(condition, target, bucket, key)
    if target.blob is not None and target.current is not None:
        remove_revision(tx, bucket, key, target.blob, target.current, actor)
    return None


async def remove_version(
    engine: Engine,
    bucket: str,
    key: str,
    revision: RevisionRef,
    condition: Precondition = ALWAYS,
    *,
    bypass: bool = False,
) -> Revision:
    """Delete one revision for good, and say what it was. `RevisionNotFound`, `BlobNotFound`;
    `Locked` where it has to stay: `bypass` overrides a retention in governance mode."""
    ref, name = bucket_ref(bucket), encode_key(key)

    def unit(tx: Transaction) -> RevisionRow:
        of = find_bucket(tx, ref, engine.owner)
        if condition is not ALWAYS:
            demand(condition, blobs.target(tx, of.id, name), of, name)
        return _remove(tx, of, name, revision, engine.owner, bypass=bypass)

    row = await engine.catalog.write(unit, essential=True)
    collect_soon(engine)
    return records.revision(key, row, is_current=False)


async def delete_each(
    engine: Engine, bucket: str, removals: Iterable[Removal], *, bypass: bool = False
) -> list[Deletion]:
    """Many at once, each as `mark_deleted` or `remove_version` would, with an outcome of its
    own, in the order given. In batches of one transaction: a batch is there or not."""
    wanted, done = list(removals), list[Deletion]()
    ref = bucket_ref(bucket)

    def unit(tx: Transaction, some: list[Removal]) -> list[Deletion]:
        of = find_bucket(tx, ref, engine.owner)
        return [_try_removal(tx, of, one, engine.owner, bypass) for one in some]

    for start in range(0, len(wanted) or 1, BATCH):
        some = wanted[start : start + BATCH]
        done += await engine.catalog.write(partial(unit, some=some), essential=True)
    collect_soon(engine)
    return done


def _try_removal(
    tx: Transaction, bucket: BucketRow, one: Removal, actor: str, bypass: bool
) -> Deletion:
    """An error leaves the transaction as it was: each is met before anything is changed."""
    try:
        key = encode_key(one.key)
        if one.revision is None:
            marker = _mark_deleted(tx, bucket, key, one.precondition, actor)
            return Deletion(one.key, marker and records.revision(one.key, marker))
        if one.precondition is not ALWAYS:
            demand(one.precondition, blobs.target(tx, bucket.id, key), bucket, key)
        row = _remove(tx, bucket, key, one.revision, actor, bypass=bypass)
    except HoldallError as error:
        return Deletion(one.key, error=error)
    return Deletion(one.key, removed=records.revision(one.key, row, is_current=False))


async def delete_many(engine: Engine, bucket: str, keys: Iterable[str]) -> list[Deletion]:
    """In batches, one transaction each: a batch is there or not, the whole need not be."""
    wanted, done = list(keys), list[Deletion]()
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        done += await engine.catalog.write(_deleting(engine, bucket, some), essential=True)
    collect_soon(engine)
    return done


def _deleting(engine: Engine, bucket: str, keys: list[str]) -> Unit[list[Deletion]]:
    ref = bucket_ref(bucket)

    def unit(tx: Transaction) -> list[Deletion]:
        of = find_bucket(tx, ref, engine.owner)
        return [_try_to_delete(tx, of, key, engine.owner) for key in keys]

    return unit


def _try_to_delete(tx: Transaction, bucket: BucketRow, key: str, actor: str) -> Deletion:
    try:
        row = delete_current(tx, bucket, encode_key(key), actor)
    except BlobNotFound:
        return Deletion(key)
    except HoldallError as error:
        return Deletion(key, error=error)
    return Deletion(key, records.revision(key, row) if row else None)


async def delete_all_revisions(
    engine: Engine, bucket: str, key: str, *, bypass: bool = False
) -> int:
    """A long history goes in several transactions, the oldest revisions first. `Locked` at
    the first that has to stay."""
    ref, name = bucket_ref(bucket), encode_key(key)

    def unit(tx: Transaction, chain: int | None) -> tuple[int, int | None]:
        of = find_bucket(tx, ref, engine.owner)
        blob = blobs.find(tx, of.id, name)
        if blob is None and chain is None:
            raise no_blob(of, name)
        if blob is None or chain not in (None, blob.chain):  # it ended; others began anew
            return 0, chain
        return remove_some(tx, of, name, blob, engine.owner, BATCH, bypass=bypass), blob.chain

    total, removed, chain = 0, BATCH, None
    while removed == BATCH:  # only then may there be more
        removed, chain = await engine.catalog.write(partial(unit, chain=chain), essential=True)
        total += removed
    collect_soon(engine)
    return total
