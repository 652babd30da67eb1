"""Which operations of the S3 API there are here, as a table in Markdown: made from the routes.

`python -m holdall.server.coverage` prints it; with a file's name it renews the table in it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from holdall.server.operations import unavailable, unconfigured
from holdall.server.routes import Route
from holdall.server.table import ROUTES

BEGIN: Final = "<!-- The table is made by holdall.server.coverage. -->"
END: Final = "<!-- End of the table. -->"

YES: Final = "yes"
ANSWERED: Final = "answered"
NO: Final = "no"

_DIRECTORY_BUCKETS: Final = "there are no directory buckets"
_TABLES: Final = "there are no metadata tables"
_ANNOTATIONS: Final = "there are no annotations; metadata and tags are there"

ABSENT: Final = MappingProxyType(
    {
        "CreateBucketMetadataConfiguration": _TABLES,
        "CreateBucketMetadataTableConfiguration": _TABLES,
        "CreateSession": _DIRECTORY_BUCKETS,
        "DeleteBucketMetadataConfiguration": _TABLES,
        "DeleteBucketMetadataTableConfiguration": _TABLES,
        "DeleteObjectAnnotation": _ANNOTATIONS,
        "GetBucketAbac": "access is not decided by the tags of buckets",
        "GetBucketMetadataConfiguration": _TABLES,
        "GetBucketMetadataTableConfiguration": _TABLES,
        "GetObjectAnnotation": _ANNOTATIONS,
        "ListDirectoryBuckets": _DIRECTORY_BUCKETS,
        "ListObjectAnnotations": _ANNOTATIONS,
        "PutBucketAbac": "access is not decided by the tags of buckets",
        "PutObjectAnnotation": _ANNOTATIONS,
        "RenameObject": _DIRECTORY_BUCKETS,
        "UpdateBucketMetadataAnnotationTableConfiguration": _TABLES,
        "UpdateBucketMetadataInventoryTableConfiguration": _TABLES,
        "UpdateBucketMetadataJournalTableConfiguration": _TABLES,
        "UpdateObjectEncryption": "an object stays encrypted as it was stored; copy it onto itself",
        "WriteGetObjectResponse": "there are no Lambda functions",
    }
)
"""The operations of S3 that no route is, and why: a request that means one is refused."""

OLD_NAMES: Final = MappingProxyType(
    {
        "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
        "GetBucketNotification": "GetBucketNotificationConfiguration",
        "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
        "PutBucketNotification": "PutBucketNotificationConfiguration",
    }
)
"""Operations that go by another name now, at the same address."""

_NOTES: Final = MappingProxyType(
    {
        "GetBucketAccelerateConfiguration": "never accelerated",
        "GetBucketNotificationConfiguration": "to webhooks",
        "GetBucketRequestPayment": "the owner pays",
        "GetObjectTorrent": "there are no torrents",
        "PostObject": "the upload of an HTML form",
        "PutBucketAccelerateConfiguration": "takes `Suspended`, which it is",
        "PutBucketLogging": "takes an empty status, which it is",
        "PutBucketNotificationConfiguration": "to webhooks",
        "PutBucketRequestPayment": "takes `BucketOwner`, who pays",
        "RestoreObject": "archive classes are labels: what is stored is there at once",
        "SelectObjectContent": "query files with DuckDB or Polars, which read S3",
    }
)


class Row(NamedTuple):
    """One operation of the S3 API. `request` is empty for what no request here means."""

    name: str
    request: str
    state: str
    note: str


def rows() -> list[Row]:
    """Every operation, by name."""
    return sorted([*map(_of_route, ROUTES), *_of_absent(), *_of_old_names()])


def _of_route(route: Route) -> Row:
    return Row(route.name, _request(route), _state(route), _NOTES.get(route.name, _note(route)))


def _request(route: Route) -> str:
    path = {"service": "/", "bucket": "/{bucket}", "object": "/{bucket}/{key}"}[route.level]
    query = "&".join(sorted(route.query))
    header = " with `x-amz-copy-source`" if route.copies else ""
    return f"`{route.method} {path}{'?' if query else ''}{query}`{header}"


def _state(route: Route) -> str:
    if route.handle is unavailable.unavailable:
        return NO
    return ANSWERED if route in unconfigured.ROUTES else YES


def _note(route: Route) -> str:
    if _state(route) != ANSWERED:
        return ""
    return {
        "PUT": "refused with `NotImplemented`",
        "DELETE": "there is nothing to delete",
    }.get(route.method, "as not configured")


def _of_absent() -> Iterator[Row]:
    return (Row(name, "", NO, reason) for name, reason in ABSENT.items())


def _of_old_names() -> Iterator[Row]:
    return (Row(name, "", YES, f"as {now}") for name, now in OLD_NAMES.items())


def markdown() -> str:
    """The table, and how many operations are in which state."""
    found = rows()
    counted = ", ".join(
        f"{sum(row.state == state for row in found)} {state}" for state in (YES, ANSWERED, NO)
    )
    lines = [
        f"{len(found)} operations: {counted}.",
        "",
        "| operation | request | here | |",
        "| --- | --- | --- | --- |",
        *(f"| {row.name} | {row.request} | {row.state} | {row.note} |" for row in found),
    ]
    return "\n".join(lines) + "\n"


def renewed(page: str) -> str:
    """A page with the table between its two marks made anew. `ValueError` without them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("the page has no place for the table")
    return f"{before}{BEGIN}\n\n{markdown()}\n{END}{after}"


def main(arguments: list[str]) -> None:
    if not arguments:
        sys.stdout.write(markdown())
    for name in arguments:
        path = Path(name)
        path.write_text(renewed(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
