"""What a caller demands of a blob, as far as S3 can decide it where it writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from holdall.core.errors import BlobNotFound, NotSupported, PreconditionFailed
from holdall.core.values import Precondition, Revision, SourceCondition
from holdall.s3.client.values import quoted


def check_write(condition: Precondition) -> None:
    """`NotSupported` for what no conditional write of S3 takes."""
    check_numbers(condition)
    if condition.if_none_match not in (None, "*"):
        raise NotSupported("S3 takes no entity tag in If-None-Match of a write, only *.")


def check_delete(condition: Precondition) -> None:
    """`NotSupported` for what no conditional deletion of S3 takes."""
    check_numbers(condition)
    if condition.if_none_match is not None:
        raise NotSupported("S3 takes If-Match of a deletion, and nothing else.")


def check_numbers(condition: Precondition) -> None:
    if condition.expect is not None:
        raise NotSupported("S3 does not number revisions, so none can be expected.")
    if condition.if_match_size is not None or condition.if_match_time is not None:
        raise NotSupported("S3 compares no size and no time in a write.")


EXPECT: Final = "x-holdall-expect"
UNLESS: Final = "x-holdall-if-none-match"
"""What our own server takes beyond S3: the number of the newest revision, and an entity tag
that the current object must not have."""


def headers(condition: Precondition) -> dict[str, str]:
    """Those of a conditional write or deletion (S3 "Conditional requests")."""
    unless = condition.if_none_match
    wanted = {
        "if-match": condition.if_match,
        ("if-none-match" if unless == "*" else UNLESS): unless,
    }
    found = {name: quoted(tag) for name, tag in wanted.items() if tag is not None}
    return found if condition.expect is None else found | {EXPECT: str(condition.expect)}


@contextmanager
def demanding(condition: Precondition) -> Iterator[None]:
    """S3 says NoSuchKey where there is nothing that If-Match could match."""
    try:
        yield
    except BlobNotFound as error:
        if condition.if_match is None:
            raise
        text = f"There is no blob {error.key!r} that could match."
        raise PreconditionFailed(text, **error.facts, expected=condition.if_match) from error


def demand_of_source(condition: SourceCondition, source: Revision, bucket: str) -> None:
    """Raise `PreconditionFailed` unless the source of a copy is as the condition says.

    Decided of what was looked at, and the copy is then of that and nothing newer: not every
    provider heeds all four headers that S3 has for it.
    """
    changed = source.created_at.replace(microsecond=0)
    if not (
        _matches(condition, source.etag, changed) and _differs(condition, source.etag, changed)
    ):
        raise PreconditionFailed(
            f"The source {source.key!r} is not as demanded.", bucket=bucket, key=source.key
        )


def _matches(condition: SourceCondition, etag: str, changed: datetime) -> bool:
    if condition.if_match is not None:
        return condition.if_match in ("*", etag)
    unless = condition.if_unmodified_since
    return unless is None or changed <= unless


def _differs(condition: SourceCondition, etag: str, changed: datetime) -> bool:
    if condition.if_none_match is not None:
        return condition.if_none_match not in ("*", etag)
    since = condition.if_modified_since
    return since is None or changed > since
