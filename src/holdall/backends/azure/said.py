"""What is said of a blob, as Azure carries it.

Tags are Azure's own where it takes them, else packed with the metadata; those packed count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from azure.core import MatchConditions
from azure.storage.blob import BlobProperties, ContentSettings

from holdall.backends.azure.naming import are_tags, is_plain
from holdall.backends.clouds.checking import UNVERSIONED
from holdall.backends.clouds.packing import Said, packed, unpacked
from holdall.core.errors import PreconditionFailed
from holdall.core.values import DEFAULT_CONTENT_TYPE, Precondition, Revision
from holdall.payloads.azure.client import ONCE

_META: Final = "x-ms-meta-"
_COUNT: Final = "x-ms-tag-count"
_TAG: Final = re.compile("[0-9A-Za-z]+")


def conditions(wanted: Precondition, bucket: str, key: str) -> dict[str, Any]:
    """The vendor's arguments of a conditional write, which is sent once. `PreconditionFailed`
    for a tag that none can be."""
    if wanted.if_match == "*":
        return {"match_condition": MatchConditions.IfPresent, **ONCE}
    if wanted.if_match is not None:
        if not _TAG.fullmatch(wanted.if_match):
            text, tag = "No blob has this entity tag.", wanted.if_match
            raise PreconditionFailed(text, bucket=bucket, key=key, expected=tag)
        return {**_tagged(MatchConditions.IfNotModified, wanted.if_match), **ONCE}
    if wanted.if_none_match == "*":
        return {"match_condition": MatchConditions.IfMissing, **ONCE}
    if wanted.if_none_match is not None and _TAG.fullmatch(wanted.if_none_match):
        return {**_tagged(MatchConditions.IfModified, wanted.if_none_match), **ONCE}
    return {}


def _tagged(condition: MatchConditions, tag: str) -> dict[str, Any]:
    return {"match_condition": condition, "etag": quoted(tag)}


def quoted(tag: str) -> str:
    return f'"{tag}"'


def arguments(said: Said, *, native_tags: bool) -> dict[str, Any]:
    """The vendor's arguments that store metadata, tags and checksums."""
    tags = dict(said.tags or {})
    if native_tags and are_tags(tags):
        return {"metadata": packed(said._replace(tags=None), is_plain), "tags": tags or None}
    return {"metadata": packed(said._replace(tags=tags or None), is_plain)}


def content(
    content_type: str, checksums: Mapping[str, bytes], more: Mapping[str, str]
) -> ContentSettings:
    md5 = checksums.get("md5")
    return ContentSettings(
        content_type, content_md5=None if md5 is None else bytearray(md5), **more
    )


def revision(found: BlobProperties, tags: Mapping[str, str] | None) -> Revision:
    """What Azure says of a blob; `tags` are its own."""
    md5 = found.content_settings.content_md5
    return stated(
        found.name,
        unpacked(found.metadata or {}),
        tags,
        size=found.size,
        created_at=found.last_modified,
        content_type=found.content_settings.content_type,
        etag=found.etag,
        md5=None if md5 is None else bytes(md5),
    )


def opened(
    key: str, headers: Mapping[str, str], size: int, md5: bytes | None, tags: Mapping[str, str]
) -> Revision:
    """What the answer to a GET says."""
    found = {
        name[len(_META) :]: value
        for name, value in headers.items()
        if name.lower().startswith(_META)
    }
    return stated(
        key,
        unpacked(found),
        tags,
        size=size,
        created_at=parsedate_to_datetime(headers["last-modified"]),
        content_type=headers.get("content-type"),
        etag=headers["etag"],
        md5=md5,
    )


def has_tags(headers: Mapping[str, str]) -> bool:
    return headers.get(_COUNT, "0") != "0"


def stated(
    key: str,
    said: Said,
    tags: Mapping[str, str] | None,
    *,
    size: int,
    created_at: datetime,
    content_type: str | None,
    etag: str,
    md5: bytes | None,
) -> Revision:
    """Azure numbers nothing and, without versions, knows one content a key."""
    native = {} if md5 is None else {"md5": md5}
    return Revision(
        key=key,
        number=0,
        version=UNVERSIONED,
        size=size,
        created_at=created_at,
        content_type=content_type or DEFAULT_CONTENT_TYPE,
        etag=etag.strip('"'),
        checksums={**native, **said.checksums},
        metadata=said.metadata,
        tags=dict(said.tags if said.tags is not None else tags or {}),
        is_null=True,
    )
