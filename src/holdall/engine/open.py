"""Open a blob: its metadata at once, its bytes when asked for."""

from __future__ import annotations

from functools import partial

from holdall.catalog.transaction import Reads
from holdall.core.errors import Corrupt
from holdall.core.names import BucketRef, encode_key
from holdall.core.values import Span
from holdall.engine.engine import Engine
from holdall.engine.naming import (
    RevisionRef,
    bucket_ref,
    find_bucket,
    find_revision,
    require_content,
)
from holdall.engine.reading import EngineReading, Found
from holdall.engine.sealing import Unseal
from holdall.engine.spanning import clip, pieces
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
    query = partial(_find, bucket_ref(bucket), engine.owner, encode_key(key), revision, span)
    for _ in range(TRIES):
        found = await engine.catalog.read(query)
        reading = EngineReading(engine, key, found, unseal)
        try:
            await reading.hold()
        except PayloadMissing:
            await reading.aclose()
        except BaseException:
            await reading.aclose()
            raise
        else:
            return reading
    raise Corrupt(
        f"The bytes of {key!r} are missing.",
        bucket=found.bucket,
        key=key,
        revision=found.row.number,
    )


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
