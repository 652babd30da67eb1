"""Open a blob: its metadata at once, its bytes when asked for."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from holdall.catalog.tables import small_contents
from holdall.catalog.transaction import Reads
from holdall.core.errors import Corrupt
from holdall.core.names import BucketRef, encode_key
from holdall.core.values import Span
from holdall.engine.engine import Engine
from holdall.engine.naming import (
    RevisionRef,
    address_of,
    bucket_ref,
    find_bucket,
    find_revision,
    require_content,
)
from holdall.engine.reading import EngineReading, Found
from holdall.engine.sealing import Unseal
from holdall.engine.spanning import Piece, clip, pieces
from holdall.payloads.protocol import PayloadMissing

TRIES = 3


async def open_blob(
    engine: Engine,
    bucket: str,
    key: str,
    revision: RevisionRef,
    span: Span | None,
    unseal: Unseal | None = None,
) -> EngineReading:
    """Between finding a payload's name and opening it, it may be deleted: then look again.

    `WrongKey` for a sealed payload that neither `unseal` nor, without one, the engine's own
    can unseal.
    """
    ref, name = bucket_ref(bucket), encode_key(key)
    if revision is None and span is None:
        small = await engine.catalog.read(partial(_small, ref, engine.owner, name), single=True)
        if small is not None:
            return await _held(EngineReading(engine, key, small, unseal))
    query = partial(_find, ref, engine.owner, name, revision, span)
    for _ in range(TRIES):
        found = await engine.catalog.read(query)
        with suppress(PayloadMissing):
            return await _held(EngineReading(engine, key, found, unseal))
    raise Corrupt(
        f"The bytes of {key!r} are missing.",
        bucket=found.bucket,
        key=key,
        revision=found.row.number,
    )


async def _held(reading: EngineReading) -> EngineReading:
    try:
        await reading.hold()
    except BaseException:
        await reading.aclose()
        raise
    return reading


def _small(ref: BucketRef, owner: str, key: bytes, reads: Reads) -> Found | None:
    found = small_contents.at(reads, address_of(ref, owner), key)
    if found is None:
        return None
    span = found.span
    piece = Piece(span, span.start, span.start + span.length, b"")
    return Found(found.bucket, found.row, True, 0, span.length, [piece])


def _find(
    ref: BucketRef,
    owner: str,
    key: bytes,
    revision: RevisionRef,
    span: Span | None,
    reads: Reads,
) -> Found:
    bucket = find_bucket(reads, ref, owner)
    row, is_current = find_revision(reads, bucket, key, revision)
    start, end = clip(span, require_content(row, bucket, key).size)
    return Found(bucket.shown, row, is_current, start, end, pieces(reads, row.id, start, end))
