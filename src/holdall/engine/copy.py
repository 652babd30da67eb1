"""Copy and move: a new revision over the same payloads. No bytes are moved."""

from __future__ import annotations

from holdall.catalog.tables import spans
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.revisions import RevisionRow
from holdall.catalog.transaction import Reads, Transaction
from holdall.core.errors import InvalidArgument
from holdall.core.names import encode_key
from holdall.core.values import COPY_ALL, CopyOptions, Revision
from holdall.engine import records
from holdall.engine.append import Content, append
from holdall.engine.checking import check_content_type, check_pairs
from holdall.engine.collect import collect_soon
from holdall.engine.delete import delete_current
from holdall.engine.engine import Engine
from holdall.engine.naming import (
    RevisionRef,
    bucket_ref,
    find_bucket,
    find_revision,
    require_content,
)


async def copy(
    engine: Engine,
    bucket: str,
    key: str,
    to_bucket: str,
    to_key: str,
    revision: RevisionRef,
    options: CopyOptions,
) -> Revision:
    return await _copy(engine, bucket, key, to_bucket, to_key, revision, options, remove=False)


async def move(engine: Engine, bucket: str, key: str, to_bucket: str, to_key: str) -> Revision:
    return await _copy(engine, bucket, key, to_bucket, to_key, None, COPY_ALL, remove=True)


async def _copy(
    engine: Engine,
    bucket: str,
    key: str,
    to_bucket: str,
    to_key: str,
    revision: RevisionRef,
    options: CopyOptions,
    *,
    remove: bool,
) -> Revision:
    source, target = bucket_ref(bucket), bucket_ref(to_bucket)
    old, new = encode_key(key), encode_key(to_key)
    check_content_type(options.content_type)
    changes = _changes(options)

    def unit(tx: Transaction) -> RevisionRow:
        of = find_bucket(tx, source, engine.owner)
        into = find_bucket(tx, target, engine.owner)
        if remove and (of.id, old) == (into.id, new):
            raise InvalidArgument(f"{key!r} cannot be moved onto itself.", key=key)
        content = same_content(tx, of, old, revision, changes)
        row = append(tx, into, new, content, actor=engine.owner, condition=options.precondition)
        if remove:
            delete_current(tx, of, old, engine.owner)
        return row

    row = await engine.catalog.write(unit)
    collect_soon(engine)
    return records.revision(to_key, row)


def _changes(options: CopyOptions) -> dict[str, str | None]:
    changes: dict[str, str | None] = {}
    if options.content_type is not None:
        changes["content_type"] = options.content_type
    if options.metadata is not None:
        changes["metadata"] = check_pairs(options.metadata)
    if options.tags is not None:
        changes["tags"] = check_pairs(options.tags)
    return changes


def same_content(
    reads: Reads,
    bucket: BucketRow,
    key: bytes,
    revision: RevisionRef,
    changes: dict[str, str | None],
) -> Content:
    """A revision's content, to be made a revision again: it refers to the same payloads."""
    row, _ = find_revision(reads, bucket, key, revision)
    require_content(row, bucket, key)
    kept = {name: getattr(row, name) for name in ("content_type", "metadata", "tags")}
    return Content(
        size=row.size,
        etag=row.etag,
        crc32c=row.crc32c,
        checksums=row.checksums,
        spans=tuple(spans.of(reads, row.id)),
        **(kept | changes),
    )
