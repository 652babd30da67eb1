"""Which parts an upload is completed with, and what its content is then."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from hashlib import md5

from holdall.catalog.tables import spans
from holdall.catalog.tables.parts import PartRow
from holdall.catalog.tables.spans import SpanRow
from holdall.catalog.tables.uploads import UploadRow
from holdall.catalog.transaction import Reads
from holdall.core.checksums import combine
from holdall.core.errors import ChecksumMismatch, InvalidArgument, PartTooSmall
from holdall.core.values import Part, PartChoice, UploadChecksum
from holdall.engine import records
from holdall.engine.combining import COMPOSITE, combined, refuse_unknown
from holdall.engine.content import Content
from holdall.engine.records import COMPOSITE as PREFIX

Choice = Part | PartChoice | int


def choose(held: list[PartRow], named: Sequence[Choice] | None, key: str) -> list[PartRow]:
    """The parts meant, None for all. `InvalidArgument`, whose fact `reason` is order, missing,
    etag or checksum, and `parts` the numbers at fault."""
    by_number = {part.number: part for part in held}
    choices = list(by_number) if named is None else [_as_choice(one) for one in named]
    wanted = [PartChoice(one) if isinstance(one, int) else one for one in choices]
    numbers = [one.number for one in wanted]
    if numbers != sorted(set(numbers)):
        raise _wrong(key, "order", "must be named in ascending order", numbers)
    rules: tuple[tuple[str, str, Callable[[PartChoice], bool]], ...] = (
        ("missing", "must be held", lambda one: one.number in by_number),
        ("etag", "must be those that were sent", lambda one: _same(one, by_number)),
        ("checksum", "must have those checksums", lambda one: _agrees(one, by_number)),
    )
    for reason, rule, holds in rules:
        wrong = [one.number for one in wanted if not holds(one)]
        if wrong or not wanted:
            raise _wrong(key, reason, rule, wrong)
    return [by_number[number] for number in numbers]


def _as_choice(one: Choice) -> PartChoice | int:
    return PartChoice(one.number, one.etag) if isinstance(one, Part) else one


def _same(one: PartChoice, held: dict[int, PartRow]) -> bool:
    return one.etag in (None, held[one.number].etag)


def _agrees(one: PartChoice, held: dict[int, PartRow]) -> bool:
    known = records.checksums(held[one.number])
    return all(known.get(name) == digest for name, digest in one.checksums.items())


def _wrong(key: str, reason: str, rule: str, numbers: list[int]) -> InvalidArgument:
    return InvalidArgument(f"The parts of {key!r} {rule}.", key=key, reason=reason, parts=numbers)


def refuse_small(chosen: list[PartRow], least: int) -> None:
    """`PartTooSmall` for a part of less than `least` bytes that is not the last."""
    for part in chosen[:-1]:
        if part.size < least:
            raise PartTooSmall(
                f"Part {part.number} has {part.size} bytes; at least {least} are needed.",
                number=part.number,
                size=part.size,
                etag=part.etag,
                least=least,
            )


def joined_content(
    reads: Reads, upload: UploadRow, chosen: list[PartRow], checksum: UploadChecksum | None
) -> Content:
    """What the blob shall be. `ChecksumMismatch`, and `InvalidArgument` with the reason
    checksum where parts lack the one that is demanded."""
    digests = {} if checksum is None else _checksums(chosen, checksum)
    return Content(
        size=sum(part.size for part in chosen),
        etag=_etag(chosen),
        crc32c=_crc32c(chosen),
        checksums=records.pack(digests),
        spans=_joined(spans.of_parts(reads, upload.id), chosen),
        parts=len(chosen),
        **json.loads(upload.options),
    )


def _checksums(chosen: list[PartRow], wanted: UploadChecksum) -> dict[str, str]:
    """What is to be kept, by the name it is kept under."""
    name = wanted.algorithm
    refuse_unknown(wanted.kind, name)
    digests = [records.checksums(part).get(name) for part in chosen]
    lacking = [part.number for part, digest in zip(chosen, digests, strict=True) if not digest]
    if lacking and (wanted.expected is not None or wanted.kind == COMPOSITE):
        raise InvalidArgument(f"Parts lack {name}.", reason="checksum", parts=lacking)
    if lacking:
        return {}
    pairs = [(digest or b"", part.size) for part, digest in zip(chosen, digests, strict=True)]
    actual = combined(wanted.kind, name, pairs)
    if wanted.expected not in (None, actual):
        raise _mismatch(wanted, actual)
    if wanted.kind == COMPOSITE:
        return {PREFIX + name: actual.hex()}
    return {} if name == "crc32c" else {name: actual.hex()}  # that one has its own column


def _mismatch(wanted: UploadChecksum, actual: bytes) -> ChecksumMismatch:
    return ChecksumMismatch(
        f"The {wanted.algorithm} announced is not that of the parts.",
        algorithm=wanted.algorithm,
        expected=(wanted.expected or b"").hex(),
        actual=actual.hex(),
    )


def _etag(chosen: list[PartRow]) -> str:
    """S3's form, the MD5 of the parts' MD5s; opaque where one of them was never computed."""
    digests = [records.checksums(part).get("md5") for part in chosen]
    if all(digests):
        whole = md5(b"".join(digest or b"" for digest in digests), usedforsecurity=False)
        return f"{whole.hexdigest()}-{len(chosen)}"
    return f"{secrets.token_hex(16)}-{len(chosen)}"


def _crc32c(chosen: list[PartRow]) -> int | None:
    known = [(part.crc32c, part.size) for part in chosen if part.crc32c is not None]
    return combine("crc32c", known) if len(known) == len(chosen) else None


def _joined(of_parts: dict[int, list[SpanRow]], chosen: list[PartRow]) -> tuple[SpanRow, ...]:
    joined, position = list[SpanRow](), 0
    for part in chosen:
        joined += [
            span._replace(position=position + span.position) for span in of_parts.get(part.id, ())
        ]
        position += part.size
    return tuple(joined)
