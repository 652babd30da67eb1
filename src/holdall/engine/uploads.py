"""Blobs that are sent in parts. A part's payload belongs to the upload until it is over."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import md5

from holdall.catalog.tables import parts, payloads, spans, uploads
from holdall.catalog.tables.parts import PartRow
from holdall.catalog.tables.revisions import RevisionRow
from holdall.catalog.tables.spans import SpanRow
from holdall.catalog.tables.uploads import UploadRow
from holdall.catalog.transaction import Reads, Transaction
from holdall.core.checksums import combine_crc32c
from holdall.core.content_types import guess_content_type
from holdall.core.errors import InvalidArgument, LeaseLost, UploadNotFound
from holdall.core.names import BucketRef, encode_key
from holdall.core.sources import Source
from holdall.core.values import (
    ALWAYS,
    Part,
    Precondition,
    PutOptions,
    Revision,
    Span,
    UploadRecord,
)
from holdall.engine import records
from holdall.engine.append import Content, append, insert_bytes
from holdall.engine.checking import check_content_type, check_limit, check_pairs, encode_text
from holdall.engine.collect import collect_soon
from holdall.engine.engine import Engine
from holdall.engine.list import successor
from holdall.engine.naming import (
    RevisionRef,
    bucket_ref,
    find_bucket,
    find_revision,
    require_content,
)
from holdall.engine.receive import NO_CHECKSUMS, Checksums, receive
from holdall.engine.remove import forget_spans
from holdall.engine.spanning import clip, cut

MAX_PARTS = 10_000  # S3 multipart upload limits
_ID = re.compile("[0-9a-f]{32}")


async def start(engine: Engine, bucket: str, key: str, options: PutOptions) -> EngineUpload:
    ref, name, uid = bucket_ref(bucket), encode_key(key), secrets.token_hex(16)
    if options.checksums or options.precondition is not ALWAYS:
        raise InvalidArgument("Checksums belong to the parts, the precondition to the end.")
    check_content_type(options.content_type)
    described = {
        "content_type": options.content_type or guess_content_type(key, b""),
        "metadata": check_pairs(options.metadata),
        "tags": check_pairs(options.tags),
    }

    def unit(tx: Transaction) -> None:
        of, tick = find_bucket(tx, ref, engine.owner), tx.tick()
        uploads.insert(tx, UploadRow(tick.seq, uid, of.id, name, tick.time, json.dumps(described)))

    await engine.catalog.write(unit)
    return EngineUpload(engine, ref, key, uid)


async def resume(engine: Engine, bucket: str, key: str, id: str) -> EngineUpload:
    upload = EngineUpload(engine, bucket_ref(bucket), key, id)
    if not _ID.fullmatch(id):  # what is no id need not be something that a catalog can hold
        raise upload.over()
    await engine.catalog.read(upload.row)
    return upload


async def list_uploads(
    engine: Engine, bucket: str, prefix: str, after: tuple[str, str], limit: int
) -> list[UploadRecord]:
    ref, first = bucket_ref(bucket), encode_text(prefix)
    check_limit(limit)
    low = max((encode_text(after[0]), after[1]), (first, ""))

    def query(reads: Reads) -> list[UploadRecord]:
        of = find_bucket(reads, ref, engine.owner)
        rows = uploads.page(reads, of.id, low, successor(first), limit)
        return [UploadRecord(row.uid, row.key.decode(), records.moment(row.time)) for row in rows]

    return await engine.catalog.scan(query)


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
        self, number: int, source: Source, *, checksums: Checksums = NO_CHECKSUMS
    ) -> Part:
        check_number(number)
        await self._engine.catalog.read(self.row)  # before gigabytes are sent
        async with receive(self._engine, source, checksums) as received:
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
    ) -> Part:
        check_number(number)
        ref, name = bucket_ref(bucket), encode_key(key)

        def unit(tx: Transaction) -> PartRow:
            of = find_bucket(tx, ref, self._engine.owner)
            source, _ = find_revision(tx, of, name, revision)
            start, end = clip(span, require_content(source, of, name).size)
            if span is not None and (start, end) != (span.start, span.end or end):
                raise InvalidArgument(f"{key!r} has no bytes {span.start} to {span.end}.", key=key)
            whole = (start, end) == (0, source.size)
            content = Content(
                size=end - start,
                etag=source.etag if whole and "-" not in (source.etag or "-") else None,
                crc32c=source.crc32c if whole else None,
                checksums=source.checksums if whole else None,
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

    async def complete(
        self, chosen: Sequence[Part | int] | None = None, *, precondition: Precondition = ALWAYS
    ) -> Revision:
        row = await self._engine.catalog.write(partial(self._complete, chosen, precondition))
        collect_soon(self._engine)
        return records.revision(self._key, row)

    def _complete(
        self, named: Sequence[Part | int] | None, condition: Precondition, tx: Transaction
    ) -> RevisionRow:
        upload = self.row(tx)
        chosen = _choose(parts.of(tx, upload.id), named, self._key)
        said = json.loads(upload.options)
        content = Content(
            size=sum(part.size for part in chosen),
            etag=_etag(chosen),
            crc32c=_combined(chosen),
            spans=_joined(tx, chosen),
            **said,
        )
        bucket = find_bucket(tx, self._bucket, self._engine.owner)
        row = append(
            tx,
            bucket,
            upload.key,
            content,
            actor=self._engine.owner,
            condition=condition,
        )
        abort_row(tx, upload)
        return row

    async def abort(self) -> None:
        await self._engine.catalog.write(lambda tx: abort_row(tx, self.row(tx)), essential=True)
        collect_soon(self._engine)


def check_number(number: int) -> None:
    if not 1 <= number <= MAX_PARTS:
        raise InvalidArgument(f"A part's number is 1 to {MAX_PARTS}, not {number}.", actual=number)


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


def _choose(held: list[PartRow], named: Sequence[Part | int] | None, key: str) -> list[PartRow]:
    by_number = {part.number: part for part in held}
    numbers = list(by_number) if named is None else [_number(part) for part in named]
    wrong = [_number(part) for part in named or () if not _is_held(by_number, part)]
    if not numbers or wrong or numbers != sorted(set(numbers)):
        raise InvalidArgument(
            f"The parts of {key!r} must be those that are held, in ascending order.",
            key=key,
            parts=wrong,
        )
    return [by_number[number] for number in numbers]


def _number(part: Part | int) -> int:
    return part if isinstance(part, int) else part.number


def _is_held(held: Mapping[int, PartRow], part: Part | int) -> bool:
    found = held.get(_number(part))
    return found is not None and (isinstance(part, int) or part.etag == found.etag)


def _from_zero(some: list[SpanRow], start: int) -> tuple[SpanRow, ...]:
    return tuple(span._replace(position=span.position - start) for span in some)


def _joined(reads: Reads, chosen: list[PartRow]) -> tuple[SpanRow, ...]:
    joined, position = list[SpanRow](), 0
    for part in chosen:
        joined += [
            span._replace(position=position + span.position) for span in spans.of(reads, part.id)
        ]
        position += part.size
    return tuple(joined)


def _etag(chosen: list[PartRow]) -> str | None:
    """S3's form, the MD5 of the parts' MD5s; None where one of them was never computed."""
    digests = [records.checksums(part).get("md5") for part in chosen]
    if any(digest is None for digest in digests):
        return None
    whole = md5(b"".join(digest or b"" for digest in digests), usedforsecurity=False)
    return f"{whole.hexdigest()}-{len(chosen)}"


def _combined(chosen: list[PartRow]) -> int | None:
    total = 0
    for part in chosen:
        if part.crc32c is None:
            return None
        total = combine_crc32c(total, part.crc32c, part.size)
    return total
