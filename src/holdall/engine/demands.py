"""Whether what a caller demands of a blob holds, decided in the transaction that writes."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from holdall.catalog.tables.blobs import Target
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.revisions import RevisionRow
from holdall.core.errors import PreconditionFailed
from holdall.core.values import ANY_SOURCE, Precondition, SourceCondition
from holdall.engine.records import etag_of, moment, second_of


def demand(condition: Precondition, target: Target, bucket: BucketRow, key: bytes) -> None:
    """Raise `PreconditionFailed` unless the current blob is as the condition says.

    Its fact `actual` is None where there is no blob.
    """
    current = target.current if target.blob and not target.blob.deleted else None
    tag = etag_of(current) if current else None
    if condition.if_match is not None and (tag is None or condition.if_match not in ("*", tag)):
        _fail(bucket, key, "if_match", condition.if_match, tag)
    if condition.if_none_match is not None and tag and condition.if_none_match in ("*", tag):
        _fail(bucket, key, "if_none_match", condition.if_none_match, tag)
    for name, expected, actual in (
        ("expect", condition.expect, current and current.number),
        ("if_match_size", condition.if_match_size, current and current.size),
        ("if_match_time", _second(condition.if_match_time), current and _changed(current)),
    ):
        if expected is not None and expected != actual:
            _fail(bucket, key, name, expected, actual)


def demand_of_source(
    condition: SourceCondition, source: RevisionRow, bucket: BucketRow, key: bytes
) -> None:
    """Raise `PreconditionFailed` unless the source of a copy is as the condition says."""
    if condition is ANY_SOURCE:
        return
    tag, changed = etag_of(source), _changed(source)
    match, none_match = condition.if_match, condition.if_none_match
    unless, since = condition.if_unmodified_since, condition.if_modified_since
    if match is not None:
        if match not in ("*", tag):
            _fail(bucket, key, "source if_match", match, tag)
    elif unless is not None and changed > unless:
        _fail(bucket, key, "source if_unmodified_since", unless, changed)
    if none_match is not None:
        if none_match in ("*", tag):
            _fail(bucket, key, "source if_none_match", none_match, tag)
    elif since is not None and changed <= since:
        _fail(bucket, key, "source if_modified_since", since, changed)


def _changed(row: RevisionRow) -> datetime:
    return second_of(moment(row.time))


def _second(time: datetime | None) -> datetime | None:
    return time and second_of(time)


def _fail(bucket: BucketRow, key: bytes, name: str, expected: object, actual: object) -> NoReturn:
    raise PreconditionFailed(
        f"{name}={expected!r} does not hold for {key.decode()!r}: it is {actual!r}.",
        bucket=bucket.shown,
        key=key.decode(),
        condition=name,
        expected=expected,
        actual=actual,
    )
