"""What is said of a blob, as an object resource of Google carries it.

A generation is what tells contents apart: it is the version and the entity tag, and every
condition is one on generations ("Request preconditions").
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from holdall.backends.clouds.packing import Said, packed, unpacked
from holdall.backends.gcs.naming import is_plain
from holdall.core.content_types import guess_content_type
from holdall.core.errors import PreconditionFailed
from holdall.core.values import (
    DEFAULT_CONTENT_TYPE,
    NEWEST,
    Precondition,
    PutOptions,
    Revision,
    Usage,
)
from holdall.payloads.gcs.client import Resource, moment

_NATIVE: Final = {"crc32c": "crc32c", "md5": "md5Hash"}
"""The checksums that Google knows of an object; a composed one has no MD5."""

_KEPT: Final = ("cacheControl", "contentDisposition", "contentEncoding", "contentLanguage")
"""What a copy keeps, though we have no word for it."""


def conditions(wanted: Precondition, bucket: str, key: str) -> dict[str, object]:
    """The parameters of a conditional write. `PreconditionFailed` for a tag that none can be."""
    if wanted.if_match == "*":
        return {"ifGenerationNotMatch": 0}
    if wanted.if_match is not None:
        if not wanted.if_match.isdecimal():
            text, tag = "No blob has this entity tag.", wanted.if_match
            raise PreconditionFailed(text, bucket=bucket, key=key, expected=tag)
        return {"ifGenerationMatch": wanted.if_match}
    if wanted.if_none_match == "*":
        return {"ifGenerationMatch": 0}
    if wanted.if_none_match is not None and wanted.if_none_match.isdecimal():
        return {"ifGenerationNotMatch": wanted.if_none_match}
    return {}


def resource(
    key: str, first: bytes, options: PutOptions, checksums: Mapping[str, bytes]
) -> Resource:
    """The resource that stores what `options` say; `first` are the first bytes."""
    more = {name: digest for name, digest in checksums.items() if name not in _NATIVE}
    return {
        "name": key,
        "contentType": options.content_type or guess_content_type(key, first),
        "metadata": metadata(Said(options.metadata, options.tags, more)),
    }


def metadata(said: Said) -> dict[str, str]:
    return packed(said._replace(tags=said.tags or None), is_plain)


def copied(source: Resource, key: str, wanted: PutOptions) -> Resource:
    """The resource of a copy; what it does not say would be lost."""
    kept = {name: source[name] for name in _KEPT if name in source}
    more = unpacked(source.get("metadata", {})).checksums
    return kept | resource(key, b"", wanted, more)


def is_current(found: Resource) -> bool:
    return "timeDeleted" not in found


def revision(found: Resource, *, number: int = NEWEST) -> Revision:
    """What Google says of an object. It numbers nothing."""
    said = unpacked(found.get("metadata", {}))
    return Revision(
        key=found["name"],
        number=number,
        version=found["generation"],
        size=int(found["size"]),
        created_at=moment(found["timeCreated"]),
        content_type=found.get("contentType", DEFAULT_CONTENT_TYPE),
        etag=found["generation"],
        checksums={**_native(found), **said.checksums},
        metadata=said.metadata,
        tags=said.tags or {},
        is_current=is_current(found),
    )


def usage(found: Resource) -> Usage:
    """What a generation adds to what a bucket holds."""
    size = int(found["size"])
    return Usage(1, size, 1, size) if is_current(found) else Usage(0, 0, 1, size)


def _native(found: Mapping[str, Any]) -> dict[str, bytes]:
    return {ours: b64decode(found[name]) for ours, name in _NATIVE.items() if name in found}
