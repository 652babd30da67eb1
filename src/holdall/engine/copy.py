"""Copy and move: a new revision over the same payloads. No bytes are moved."""

from __future__ import annotations

from holdall.catalog.tables import spans
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.revisions import RevisionRow
from holdall.catalog.transaction import Reads, Transaction
from holdall.core.errors import InvalidArgument
from holdall.core.names import encode_key
from holdall.core.values import COPY_ALL, Copied, CopyOptions, Revision
from holdall.engine import records
from holdall.engine.append import append
from holdall.engine.checking import check_content_type, check_marks, check_pairs
from holdall.engine.collect import collect_soon
from holdall.engine.content import Content
from holdall.engine.delete import delete_current
from holdall.engine.demands import demand_of_source
from holdall.engine.engine import Engine
from holdall.engine.naming import (
    RevisionRef,
    bucket_ref,
    find_bucket,
    find_revision,
    require_content,
)

KEPT = ("content_type", "metadata", "tags", "attributes")


async def copy(
    engine: Engine,
    bucket: str,
    key: str,
    to_bucket: str,
    to_key: str,
    revision: RevisionRef,
    options: CopyOptions,
) -> Copied:
    """Copy a revision, which is returned too. `PreconditionFailed` when what the options
    demand of the source or of the target does not hold."""
    return await _copy(engine, bucket, key, to_bucket, to_key, revision, options, remove=False)


async def move(engine: Engine, bucket: str, key: str, to_bucket: str, to_key: str) -> Revision:
    copied = await _copy(engine, bucket, key, to_bucket, to_key, None, COPY_ALL, remove=True)
    return copied.revision


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
) -> Copied:
    source, target = bucket_ref(bucket), bucket_ref(to_bucket)
    old, new = encode_key(key), encode_key(to_key)
    check_content_type(options.content_type)
    changes, marks = _changes(options), check_marks(options.marks)

    def unit(tx: Transaction) -> tuple[RevisionRow, RevisionRow, bool]:
        of = find_bucket(tx, source, engine.owner)
        into = find_bucket(tx, target, engine.owner)
        if remove and (of.id, old) == (into.id, new):
            raise InvalidArgument(f"{key!r} cannot be moved onto itself.", key=key)
        found, is_current = find_revision(tx, of, old, revision)
        content = content_of(tx, require_content(found, of, old), changes)._replace(marks=marks)
        demand_of_source(options.source, found, of, old)
        row = append(tx, into, new, content, actor=engine.owner, condition=options.precondition)
        if remove:
            delete_current(tx, of, old, engine.owner)
        return row, found, is_current

    row, found, is_current = await engine.catalog.write(unit)
    collect_soon(engine)
    return Copied(
        records.revision(to_key, row), records.revision(key, found, is_current=is_current)
    )


def _changes(options: CopyOptions) -> dict[str, str | None]:
    changes: dict[str, str | None] = {}
    if options.content_type is not None:
        changes["content_type"] = options.content_type
    if options.metadata is not None:
        changes["metadata"] = check_pairs(options.metadata)
    if options.tags is not None:
        changes["tags"] = check_pairs(options.tags)
    if options.attributes is not None:
        changes["attributes"] = check_pairs(options.attributes)
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
    return content_of(reads, require_content(row, bucket, key), changes)


def content_of(reads: Reads, row: RevisionRow, changes: dict[str, str | None]) -> Content:
    """As `same_content`, of a revision that was found already."""
    kept = {name: getattr(row, name) for name in KEPT}
    return Content(
        size=row.size,
        etag=row.etag,
        crc32c=row.crc32c,
        checksums=records.whole_checksums(row),
        spans=tuple(spans.of(reads, row.id)),
        **(kept | changes),
    )
