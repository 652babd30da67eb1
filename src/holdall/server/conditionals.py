"""The condition keys of a request, as bucket policies name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from holdall.s3.errors import S3Error
from holdall.s3.times import to_iso
from holdall.server import copy_sources, tag_sets
from holdall.server.access.context import Value
from holdall.server.objects import tags_of
from holdall.server.request import Request

_AMZ: Final = (
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-metadata-directive",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
    "x-amz-object-ownership",
    "x-amz-content-sha256",
)
_LOCKS: Final = ("object-lock-mode", "object-lock-retain-until-date", "object-lock-legal-hold")
_HEADERS: Final = {
    "aws:UserAgent": "user-agent",
    "aws:Referer": "referer",
    **{f"s3:{name}": name for name in _AMZ},
    **{f"s3:{name}": f"x-amz-{name}" for name in _LOCKS},
}
"""The header that each of these keys has its value from."""
_CREATION: Final = {
    **dict.fromkeys(("PutObject", "PostObject", "CopyObject", "CompleteMultipartUpload"), "true"),
    **dict.fromkeys(("CreateMultipartUpload", "UploadPart", "UploadPartCopy"), "false"),
}
"""Whether an operation that needs `s3:PutObject` makes an object, or only parts of one."""
_QUERY: Final = {
    "s3:prefix": "prefix",
    "s3:delimiter": "delimiter",
    "s3:max-keys": "max-keys",
    "s3:VersionId": "versionId",
}


def context_of(request: Request, now: datetime, region: str) -> Mapping[str, Value]:
    """What is known of any request, at the time `now`, in a server of that region."""
    return {
        "aws:CurrentTime": to_iso(now),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:RequestedRegion": region,
        **request.proof,
        **dict(_facts(request)),
    }


def _tags(text: str) -> dict[str, str]:
    """None of what is malformed: whoever stores it will refuse it."""
    try:
        return tags_of(text)
    except S3Error:
        return {}


def _facts(request: Request) -> Iterator[tuple[str, Value]]:
    headers, query = request.headers, request.query
    yield "aws:SourceIp", request.client
    yield "aws:SecureTransport", "true" if request.secure else "false"
    for key, name in _HEADERS.items():
        if name in headers:
            yield key, headers[name]
    for key, name in _QUERY.items():
        if name in query:
            yield key, query[name]
    if copy_sources.HEADER in headers:
        yield f"s3:{copy_sources.HEADER}", copy_sources.spellings(headers[copy_sources.HEADER])
    if request.operation in _CREATION:
        yield "s3:ObjectCreationOperation", _CREATION[request.operation]
    for name in ("if-match", "if-none-match"):
        if name in headers:
            yield f"s3:{name}", headers[name].strip('"')
    if "x-amz-tagging" in headers:
        yield from tag_sets.condition_keys(_tags(headers["x-amz-tagging"])).items()
