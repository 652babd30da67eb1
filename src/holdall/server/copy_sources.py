"""The header that names the source of a copy (S3 CopyObject, UploadPartCopy)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from holdall.s3.errors import S3Error

HEADER: Final = "x-amz-copy-source"
_BAD_ESCAPE = re.compile(b"%(?![0-9A-Fa-f]{2})")


class Named(NamedTuple):
    """What the header names; `version` None for the current one."""

    bucket: str
    key: str
    version: str | None


def named(header: str) -> Named:
    """`bucket/key` or `/bucket/key`, percent-encoded, and `?versionId=` after it.

    `InvalidArgument` for anything else (S3 CopyObject).
    """
    path, mark, version = header.partition("?versionId=")
    if mark and not version:
        raise _invalid("Version id cannot be the empty string", header)
    bucket, slash, key = _decoded(path, header).removeprefix("/").partition("/")
    if not (bucket and slash and key):
        raise _invalid(
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey", header
        )
    return Named(bucket, key, version or None)


def _decoded(path: str, header: str) -> str:
    raw = path.encode("latin-1").replace(b"+", b" ")  # S3 reads it as it reads a query
    try:
        if _BAD_ESCAPE.search(raw):
            raise ValueError(path)
        return unquote_to_bytes(raw).decode()
    except ValueError as error:
        raise _invalid("Invalid copy source encoding.", header) from error


def _invalid(message: str, value: str) -> S3Error:
    return S3Error("InvalidArgument", message, ArgumentName=HEADER, ArgumentValue=value)


def spellings(header: str) -> tuple[str, ...]:
    """The source as policies may name it, with a slash before it or without, and not as the
    header spells it: a policy that denies one must not be got around by an escape."""
    try:
        found = named(header)
    except S3Error:  # which is what the operation will say, too
        return (header,)
    return (f"{found.bucket}/{found.key}", f"/{found.bucket}/{found.key}")
