"""Blobs that are sent in parts: S3's own multipart uploads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from itertools import pairwise

from holdall.backends.protocol import RevisionRef
from holdall.backends.s3 import conditions, said
from holdall.backends.s3.copying import Origin
from holdall.backends.s3.spooling import taken
from holdall.core.errors import Conflict, InvalidArgument, UploadNotFound
from holdall.core.sources import Source
from holdall.core.values import ALWAYS, Part, Precondition, PutOptions, Revision, Span, UploadRecord
from holdall.engine.checking import encode_text
from holdall.s3.client import S3Client, SentPart, Stored
from holdall.s3.client.parts import MOST_PARTS

Finder = Callable[[str, str, RevisionRef], Awaitable[Origin]]
"""The content of a bucket, a key and a revision."""

Shower = Callable[[str, str, Stored, int], Awaitable[Revision]]
"""What is to be said of a blob that was just made."""


class S3Upload:
    """Meets `holdall.backends.protocol.Upload`.

    Parts are numbered 1 to 10,000, of up to 5 GiB each. When they were sent is known to the
    second; their checksums are known to who sent them, and not kept.
    """

    def __init__(
        self, client: S3Client, place: tuple[str, str], id: str, find: Finder, show: Shower
    ) -> None:
        self._client = client
        self._place = place
        self._find = find
        self._show = show
        self.id = id

    async def part(
        self, number: int, source: Source, *, checksums: Mapping[str, bytes | None] = {}
    ) -> Part:
        _check_number(number)
        async with taken(source, checksums) as spooled:
            sent = await self._client.put_part(*self._place, self.id, number, spooled.body)
            return _part(sent, spooled.checksums)

    async def copy_part(
        self,
        number: int,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        span: Span | None = None,
    ) -> Part:
        _check_number(number)
        if span is not None:
            said.check_span(span.start, span.end)
        await self.require()
        source = await self._find(bucket, key, revision)
        start, end = _within(source, span)
        if start == end:  # a range of S3 has at least one byte
            return await self.part(number, b"")
        sent = await self._client.copy_part(
            *self._place,
            self.id,
            number,
            source.place,
            version=source.head.version,
            span=(start, end),
            headers=source.pin,
        )
        return _part(sent, {})

    async def parts(self) -> Sequence[Part]:
        return [_part(each, {}) for each in await self._held()]

    async def require(self) -> None:
        """`UploadNotFound` unless it still goes on."""
        await self._client.list_parts(*self._place, self.id, limit=1)

    async def complete(
        self, chosen: Sequence[Part | int] | None = None, *, precondition: Precondition = ALWAYS
    ) -> Revision:
        conditions.check_write(precondition)
        parts = _chosen(await self._held(), chosen)
        with conditions.demanding(precondition):
            stored = await self._client.complete_upload(
                *self._place, self.id, parts, headers=conditions.headers(precondition)
            )
        return await self._show(*self._place, stored, sum(part.size for part in parts))

    async def abort(self) -> None:
        await self._client.abort_upload(*self._place, self.id)

    async def _held(self) -> Sequence[SentPart]:
        found, after = list[SentPart](), 0
        while True:
            page = await self._client.list_parts(*self._place, self.id, after=after)
            found += page.parts
            if page.after is None:
                return found
            after = page.after


async def start(client: S3Client, bucket: str, key: str, options: PutOptions) -> str:
    """A new upload; its id. What is not said of its type is guessed from the key alone."""
    said.check_options(options)
    if options.checksums or options.precondition != ALWAYS:
        raise InvalidArgument("Checksums come with the parts, and conditions at the end.")
    return await client.create_upload(bucket, key, headers=said.headers(key, b"", options, {}))


def check_id(id: str) -> None:
    """`UploadNotFound` for what no server could have given."""
    if not id or not id.isprintable() or not id.isascii():
        raise UploadNotFound(f"There is no upload {id!a}.", upload=id)


async def unfinished(
    client: S3Client, bucket: str, prefix: str, after: tuple[str, str], limit: int
) -> list[UploadRecord]:
    """By key and id. All are looked at: some servers list them in no order, and none those of
    one key by id. Who began them S3 tells by numbers that only it knows."""
    encode_text(prefix)
    start = _order(*after)
    async with aclosing(client.each_upload(bucket, prefix=prefix)) as uploads:
        found = [each async for each in uploads if _order(each.key, each.id) > start]
    found.sort(key=lambda each: _order(each.key, each.id))
    return [UploadRecord(each.id, each.key, each.initiated) for each in found[:limit]]


def _order(key: str, id: str) -> tuple[bytes, str]:
    return key.encode(), id


def _check_number(number: int) -> None:
    if not 1 <= number <= MOST_PARTS:
        raise InvalidArgument(f"A part's number is 1 to {MOST_PARTS}, not {number}.", number=number)


def _within(source: Origin, span: Span | None) -> tuple[int, int]:
    size = source.head.size
    if span is None:
        return 0, size
    end = size if span.end is None else span.end
    if not span.start <= end <= size:
        raise InvalidArgument(f"{source.key!r} has no bytes {span.start} to {end}.", key=source.key)
    return span.start, end


def _chosen(held: Sequence[SentPart], chosen: Sequence[Part | int] | None) -> Sequence[SentPart]:
    by_number = defaultdict[int, list[SentPart]](list)
    for part in held:
        by_number[part.number].append(part)
    wanted = sorted(by_number) if chosen is None else chosen
    numbers = [_number(each) for each in wanted]
    if not numbers or any(one >= next for one, next in pairwise(numbers)):
        raise InvalidArgument("Parts are named by ascending numbers, one at least.")
    return [_choice(by_number[_number(each)], each) for each in wanted]


def _number(part: Part | int) -> int:
    return part if isinstance(part, int) else part.number


def _choice(held: Sequence[SentPart], wanted: Part | int) -> SentPart:
    """Of what is held under one number."""
    number = _number(wanted)
    found = [part for part in held if isinstance(wanted, int) or part.etag == wanted.etag]
    if not found:
        raise InvalidArgument(f"Part {number} is not held as it was sent.", number=number)
    if len({part.etag for part in found}) > 1:  # not every server forgets what was replaced
        raise Conflict(f"Part {number} is held twice: name it by what was sent.", number=number)
    return found[0]


def _part(sent: SentPart, checksums: Mapping[str, bytes]) -> Part:
    return Part(sent.number, sent.size, sent.etag, sent.modified, checksums)
