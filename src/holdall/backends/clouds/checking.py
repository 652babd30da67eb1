"""What a caller may ask of a provider's own buckets: checked before any I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn

from holdall.backends.protocol import RevisionRef
from holdall.core.errors import (
    BucketNotFound,
    InvalidArgument,
    InvalidBucketName,
    NotSupported,
    PreconditionFailed,
    RevisionNotFound,
)
from holdall.core.names import parse_bucket_ref
from holdall.core.values import (
    NEWEST,
    CopyOptions,
    Precondition,
    PutOptions,
    Revision,
    SourceCondition,
    Span,
)
from holdall.engine.checking import check_content_type, check_pairs

UNVERSIONED: Final = "null"
"""The version of a blob that has no versions."""


def bucket_name(reference: str, owner: str, check: Callable[[str], None]) -> str:
    """The name in a reference; the provider's buckets have no other id.

    `BucketNotFound` also for a name that `check` refuses with `InvalidBucketName`.
    """
    found = parse_bucket_ref(reference)
    if found.name is None or found.owner not in (None, owner):
        raise BucketNotFound(f"There is no bucket {reference!r}.", bucket=reference)
    try:
        check(found.name)
    except InvalidBucketName as error:  # a bucket that cannot exist is not there
        raise BucketNotFound(f"There is no bucket {reference!r}.", bucket=reference) from error
    return found.name


def check_options(options: PutOptions | CopyOptions) -> None:
    """`InvalidArgument` for what nobody can say, `NotSupported` for what is not kept here."""
    check_content_type(options.content_type)
    check_pairs(options.metadata or {})
    check_pairs(options.tags or {})
    if options.attributes or options.marks:
        refuse("attributes and marks")
    check_condition(options.precondition)


def check_condition(condition: Precondition) -> None:
    if condition.expect is not None:
        refuse("numbers of revisions, so that none can be expected")
    if condition.if_match_size is not None or condition.if_match_time is not None:
        refuse("conditions on size and time")
    if condition.if_match is not None and condition.if_none_match is not None:
        refuse("conditions on two entity tags")


def check_current(revision: RevisionRef) -> None:
    """A bucket that keeps no versions has the newest revision of a blob, and no other."""
    if revision not in (None, NEWEST, 0, UNVERSIONED):
        raise RevisionNotFound(f"There is no revision {revision!a}.", revision=revision)


def checked_span(span: Span | None) -> tuple[int, int | None]:
    start, end = (0, None) if span is None else (span.start, span.end)
    if start < 0 or (end is not None and end < start):
        raise InvalidArgument(f"no range of bytes: {start} to {end}")
    return start, end


def check_source(source: Revision, condition: SourceCondition, bucket: str) -> None:
    """What was asked of a copy's source, of the one content that is then copied.

    A time counts only where there is no tag beside it (RFC 9110, 13.2.2).
    """
    at = source.created_at.replace(microsecond=0)
    since, until = condition.if_modified_since, condition.if_unmodified_since
    same = until is None or at <= until
    if condition.if_match is not None:
        same = condition.if_match in ("*", source.etag)
    other = since is None or at > since
    if condition.if_none_match is not None:
        other = condition.if_none_match not in ("*", source.etag)
    if not (same and other):
        raise PreconditionFailed(
            "The source is not as demanded.", bucket=bucket, key=source.key, actual=source.etag
        )


def refuse(what: str) -> NoReturn:
    raise NotSupported(f"This backend has no {what}.")
