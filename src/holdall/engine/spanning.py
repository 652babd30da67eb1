"""Which spans hold a range of a content, and where their bytes are."""

from __future__ import annotations

from typing import NamedTuple

from holdall.catalog.tables import payloads, spans
from holdall.catalog.tables.spans import LocatedSpan, SpanRow
from holdall.catalog.transaction import Reads
from holdall.core.values import Span
from holdall.payloads.protocol import BLOCK

AT_ONCE = 16


class Piece(NamedTuple):
    """The part of a span that is wanted: bytes `start` to `end` of its payload.

    `sums` are the packed checksums of the blocks that hold them, empty for small payloads.
    """

    span: LocatedSpan
    start: int
    end: int
    sums: bytes


def clip(span: Span | None, size: int) -> tuple[int, int]:
    """The range meant, within a content of `size` bytes."""
    if span is None:
        return 0, size
    start = min(max(span.start, 0), size)
    end = size if span.end is None else min(span.end, size)
    return start, max(start, end)


def pieces(reads: Reads, owner: int, start: int, end: int) -> list[Piece]:
    """The first pieces of bytes `start` to `end` of a content, at most `AT_ONCE`."""
    if start == end:
        return []
    located = spans.located(reads, owner, start, end, AT_ONCE)
    return [_piece(reads, span, start, end) for span in located]


def cut(whole: list[SpanRow], start: int, end: int) -> list[SpanRow]:
    """The spans of bytes `start` to `end` of a content, at the positions they had."""
    kept = []
    for span in whole:
        first = max(start, span.position)
        last = min(end, span.position + span.length)
        if first < last:
            at = span.start + first - span.position
            kept.append(SpanRow(first, span.payload, at, last - first))
    return kept


def locate(reads: Reads, span: SpanRow) -> Piece | None:
    """Where the bytes of a span are that was cut before; None when its payload is gone."""
    located = spans.locate(reads, span)
    return located and _piece(reads, located, span.position, span.position + span.length)


def _piece(reads: Reads, span: LocatedSpan, start: int, end: int) -> Piece:
    first = span.start + max(start - span.position, 0)
    last = span.start + min(end - span.position, span.length)
    if span.token is None:
        return Piece(span, first, last, b"")
    block, after = first // BLOCK, -(-last // BLOCK)
    return Piece(span, first, last, payloads.sums(reads, span.payload, block, after - block) or b"")
