"""Blobs that are sent in parts. A part's payload belongs to the upload until it is over."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from holdall.catalog.tables import completed_parts, parts, payloads, spans, uploads
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.parts import PartRow
from holdall.catalog.tables.revisions import RevisionRow
from holdall.catalog.tables.spans import SpanRow
from holdall.catalog.tables.uploads import UploadRow
from holdall.catalog.transaction import Reads, Transaction
from holdall.core.content_types import guess_content_type
from holdall.core.errors import InvalidArgument, LeaseLost, UploadNotFound
from holdall.core.names import BucketRef, encode_key
from holdall.core.sources import Source
from holdall.core.values import (
    ALWAYS,
    ANY_SOURCE,
    CommonPrefix,
    Part,
    Precondition,
    PutOptions,
    Revision,
    SourceCondition,
    Span,
    UploadChecksum,
    UploadPage,
    UploadRecord,
)
from holdall.engine import records
from holdall.engine.append import append, insert_bytes
from holdall.engine.checking import (
    check_content_type,
    check_limit,
    check_marks,
    check_pairs,
    encode_text,
)
from holdall.engine.collect import collect_soon
from holdall.engine.completing import Choice, choose, joined_content, refuse_small
from holdall.engine.content import Content
from holdall.engine.demands import demand_of_source
from holdall.engine.engine import Engine
from holdall.engine.list import beyond, common_prefix, walk
from holdall.engine.naming import (
    RevisionRef,
    bucket_ref,
    find_bucket,
    find_revision,
    require_content,
)
from holdall.engine.receive import NO_CHECKSUMS, Checksums, receive
from holdall.engine.remove import forget_spans
from holdall.engine.sealing import Seal
from holdall.engine.spanning import clip, cut

MAX_PARTS = 10_000  # S3 multipart upload limits
_ID = re.compile("[0-9a-f]{32}")


async def start(engine: Engine, bucket: str, key: str, options: PutOptions) -> EngineUpload:
    ref, name = bucket_ref(bucket), encode_key(key)
    if options.checksums or options.precondition is not ALWAYS:
        raise InvalidArgument("Checksums belong to the parts, the precondition to the end.")
    check_content_type(options.content_type)
    described = {
        "content_type": options.content_type or guess_content_type(key, b""),
        "metadata": check_pairs(options.metadata),
        "tags": check_pairs(options.tags),
        "attributes": check_pairs(options.attributes),
        "marks": check_marks(options.marks),
    }

    packed = json.dumps(described)

    def unit(tx: Transaction) -> str:
        of, tick = find_bucket(tx, ref, engine.owner), tx.tick()
        uid = f"{tick.seq:012x}{secrets.token_hex(10)}"  # sorts in the order they were started
        uploads.insert(tx, UploadRow(tick.seq, uid, of.id, name, tick.time, packed, engine.owner))
        return uid

    uid = await engine.catalog.write(unit)
    return EngineUpload(engine, ref, key, uid)


async def resume(engine: Engine, bucket: str, key: str, id: str) -> EngineUpload:
    upload = EngineUpload(engine, bucket_ref(bucket), key, id)
    if not _ID.fullmatch(id):  # what is no id need not be something that a catalog can hold
        raise upload.over()
    await engine.catalog.read(upload.row)
    return upload


async def list_uploads(
    engine: Engine,
    bucket: str,
    prefix: str,
    after: tuple[str, str | None],
    limit: int,
    delimiter: str = "",
) -> UploadPage:
    """A page of unfinished uploads by key, then in the order they were started.

    `after` is a key and the id of the last one seen, or None for all of the key; as in
    other listings the key may be a common prefix.
    """
    check_limit(limit)
    ref, start, divider = bucket_ref(bucket), encode_text(prefix), encode_text(delimiter)
    key, id = encode_text(after[0]), encode_text(after[1] or "").decode()

    def query(reads: Reads) -> list[UploadRecord | CommonPrefix]:
        of = find_bucket(reads, ref, engine.owner)
        low = beyond(key, start, divider)
        if after[1] is not None and common_prefix(key, start, divider) is None:
            low = key
        found = walk(partial(uploads.keys, reads, of.id), start, divider, low, limit + 1)
        return list(islice(_expanded(reads, of, found, (key, id), limit + 1), limit + 1))

    entries = await engine.catalog.scan(query)
    more, entries = len(entries) > limit, entries[:limit]
    return UploadPage(tuple(entries), _place(entries[-1]) if more else None)


def _expanded(
    reads: Reads,
    of: BucketRow,
    found: Iterator[tuple[bytes, None] | CommonPrefix],
    after: tuple[bytes, str],
    limit: int,
) -> Iterator[UploadRecord | CommonPrefix]:
    """Each key's uploads in its place."""
    for one in found:
        if isinstance(one, CommonPrefix):
            yield one
            continue
        low = after if one[0] == after[0] else (one[0], "")
        for row in uploads.page(reads, of.id, low, one[0] + b"\0", limit):
            yield upload_record(row, of)


def _place(entry: UploadRecord | CommonPrefix) -> tuple[str, str | None]:
    return (entry.prefix, None) if isinstance(entry, CommonPrefix) else (entry.key, entry.id)


@dataclass(frozen=True, slots=True)
class EngineUpload:
    """Meets `holdall.backends.protocol.Upload`. Holds nothing: the catalog does."""

    _engine: Engine
    _bucket: BucketRef
    _key: str
    id: str

    def row(self, reads: Reads) -> UploadRow:
        """The upload's row. `UploadNotFound` when it is over."""
        bucket = find_bucket(reads, self._bucket, self._engine.owner)
        known = self.id.isascii() and self.id.isalnum()  # what was never ours is not asked for
        row = known and uploads.by_uid(reads, bucket.id, encode_key(self._key), self.id)
        if not row:
            raise self.over()
        return row

    def over(self) -> UploadNotFound:
        return UploadNotFound(
            f"There is no unfinished upload {self.id!a} of {self._key!r}.",
            upload=self.id,
            key=self._key,
        )

    async def part(
        self,
        number: int,
        source: Source,
        *,
        checksums: Checksums = NO_CHECKSUMS,
        seal: Seal | None = None,
    ) -> Part:
        """As the protocol says; with a seal the part's payload is encrypted."""
        check_number(number)
        await self._engine.catalog.read(self.row)  # before gigabytes are sent
        async with receive(self._engine, source, checksums, seal) as received:
            row = await self._engine.catalog.write(partial(self._insert, number, received.content))
        collect_soon(self._engine)
        return part_value(row)

    async def copy_part(
        self,
        number: int,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        span: Span | None = None,
        condition: SourceCondition = ANY_SOURCE,
    ) -> Part:
        """As the protocol says. `PreconditionFailed` unless the source is as `condition` says."""
        check_number(number)
        ref, name = bucket_ref(bucket), encode_key(key)

        def unit(tx: Transaction) -> PartRow:
            of = find_bucket(tx, ref, self._engine.owner)
            source, _ = find_revision(tx, of, name, revision)
            start, end = clip(span, require_content(source, of, name).size)
            demand_of_source(condition, source, of, name)
            if span is not None and (start, end) != (span.start, span.end or end):
                raise InvalidArgument(f"{key!r} has no bytes {span.start} to {span.end}.", key=key)
            whole = (start, end) == (0, source.size)
            content = Content(
                size=end - start,
                etag=source.etag if whole and "-" not in (source.etag or "-") else None,
                crc32c=source.crc32c if whole else None,
                checksums=records.whole_checksums(source) if whole else None,
                spans=_from_zero(cut(spans.of(tx, source.id), start, end), start),
            )
            return self._insert(number, content, tx)

        row = await self._engine.catalog.write(unit)
        collect_soon(self._engine)
        return part_value(row)

    def _insert(self, number: int, content: Content, tx: Transaction) -> PartRow:
        upload = self.row(tx)
        if content.pending is not None and not payloads.make_live(tx, content.pending):
            raise LeaseLost("The writer of a part was taken for dead.", key=self._key)
        tick = tx.tick()
        etag = content.etag or f"{secrets.token_hex(8)}{tick.seq:012x}"
        row = PartRow(
            upload.id,
            number,
            tick.seq,
            tick.time,
            content.size,
            etag,
            content.crc32c,
            content.checksums,
        )
        replaced = parts.find(tx, upload.id, number)
        if replaced is not None:
            _drop_part(tx, replaced, tick.seq)
        parts.insert(tx, row)
        insert_bytes(tx, row.id, content)
        return row

    async def parts(self) -> Sequence[Part]:
        rows = await self._engine.catalog.read(lambda reads: parts.of(reads, self.row(reads).id))
        return [part_value(row) for row in rows]

    async def parts_page(self, after: int = 0, limit: int = 1000) -> Sequence[Part]:
        """The parts stored so far with numbers beyond `after`."""
        check_limit(limit)
        rows = await self._engine.catalog.read(
            lambda reads: parts.page(reads, self.row(reads).id, after, limit)
        )
        return [part_value(row) for row in rows]

    async def record(self) -> UploadRecord:
        """Who started it, when, and what its options said."""

        def query(reads: Reads) -> UploadRecord:
            bucket = find_bucket(reads, self._bucket, self._engine.owner)
            return upload_record(self.row(reads), bucket)

        return await self._engine.catalog.read(query)

    async def complete(
        self,
        chosen: Sequence[Choice] | None = None,
        *,
        precondition: Precondition = ALWAYS,
        least: int = 0,
        checksum: UploadChecksum | None = None,
    ) -> Revision:
        """As the protocol says. Every part but the last must have `least` bytes, else
        `PartTooSmall`. `checksum` is kept, and verified if it says what it must be:
        `ChecksumMismatch`. An `InvalidArgument` says in its fact `reason` what was wrong with
        the parts chosen: order, missing, etag or checksum."""
        row = await self._engine.catalog.write(
            partial(self._complete, chosen, precondition, least, checksum)
        )
        collect_soon(self._engine)
        return records.revision(self._key, row)

    def _complete(
        self,
        named: Sequence[Choice] | None,
        condition: Precondition,
        least: int,
        checksum: UploadChecksum | None,
        tx: Transaction,
    ) -> RevisionRow:
        upload = self.row(tx)
        held = parts.of(tx, upload.id)
        chosen = choose(held, named, self._key)
        refuse_small(chosen, least)
        content = joined_content(tx, upload, chosen, checksum)
        bucket, actor = find_bucket(tx, self._bucket, self._engine.owner), self._engine.owner
        row = append(tx, bucket, upload.key, content, actor=actor, condition=condition)
        kept = {part.id for part in chosen}
        for part in held:
            if part.id not in kept:
                _drop_part(tx, part, row.id)
        completed_parts.take_over(tx, row.id, upload.id)
        spans.delete_of_parts(tx, upload.id)  # the revision's own refer to every payload now
        parts.forget(tx, upload.id)
        uploads.delete(tx, upload.id)
        return row

    async def abort(self) -> None:
        await self._engine.catalog.write(lambda tx: abort_row(tx, self.row(tx)), essential=True)
        collect_soon(self._engine)


def check_number(number: int) -> None:
    if not 1 <= number <= MAX_PARTS:
        raise InvalidArgument(f"A part's number is 1 to {MAX_PARTS}, not {number}.", actual=number)


def upload_record(row: UploadRow, bucket: BucketRow) -> UploadRecord:
    said = json.loads(row.options)
    return UploadRecord(
        id=row.uid,
        key=row.key.decode(),
        created_at=records.moment(row.time),
        initiator=row.initiator or bucket.owner,
        owner=bucket.owner,
        content_type=said["content_type"],
        metadata=records.unpack(said["metadata"]),
        tags=records.unpack(said["tags"]),
        attributes=records.unpack(said.get("attributes")),
    )


def part_value(row: PartRow) -> Part:
    return Part(row.number, row.size, row.etag, records.moment(row.time), records.checksums(row))


def abort_row(tx: Transaction, upload: UploadRow) -> None:
    """End an upload: its parts go, with the payloads that no revision took over."""
    seq = tx.tick().seq
    for part in parts.of(tx, upload.id):
        _drop_part(tx, part, seq)
    uploads.delete(tx, upload.id)


def _drop_part(tx: Transaction, part: PartRow, seq: int) -> None:
    parts.delete(tx, part)
    forget_spans(tx, part.id, seq)


def _from_zero(some: list[SpanRow], start: int) -> tuple[SpanRow, ...]:
    return tuple(span._replace(position=span.position - start) for span in some)
