"""What is said of a blob, as S3's headers carry it.

Metadata that a header can carry as it is goes as it is, so that others read it. S3 lowers
names and takes only ASCII; the rest goes into one header of ours, with the checksums for
which S3 has no place.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from holdall.core.content_types import guess_content_type
from holdall.core.errors import InvalidArgument, NotSupported
from holdall.core.values import NEWEST, CopyOptions, PutOptions, Revision, Usage
from holdall.engine.checking import check_content_type, check_pairs
from holdall.s3.checksums import LENGTHS, PREFIX
from holdall.s3.client import Deleted, Head, Listed, Stored
from holdall.s3.client.values import META, answered_at

PACKED: Final = "holdall"
"""The metadata name under which what no header can carry is packed."""

UNVERSIONED: Final = "null"
"""What S3 calls the only version of an object that has no versions."""

_NAME: Final = re.compile("[a-z0-9][a-z0-9._-]*")
_VALUE: Final = re.compile(r"[!-~]+(?: [!-~]+)*")


def check_options(options: PutOptions | CopyOptions) -> None:
    """`InvalidArgument` for what nobody can say, `NotSupported` for what S3 cannot here."""
    check_content_type(options.content_type)
    check_pairs(options.metadata or {})
    check_pairs(options.tags or {})
    if options.attributes or options.marks:
        raise NotSupported("Attributes and marks are not kept by this backend.")


def headers(
    key: str, first: bytes, options: PutOptions, checksums: Mapping[str, bytes]
) -> dict[str, str]:
    """The headers that store what `options` say; `first` are the first bytes."""
    said = {
        "content-type": options.content_type or guess_content_type(key, first),
        **metadata_headers(options.metadata, checksums),
    }
    return said | tag_headers(options.tags)


def tag_headers(tags: Mapping[str, str]) -> dict[str, str]:
    return {"x-amz-tagging": urlencode(tags)} if tags else {}


def metadata_headers(metadata: Mapping[str, str], checksums: Mapping[str, bytes]) -> dict[str, str]:
    plain = {name: value for name, value in metadata.items() if _is_plain(name, value)}
    rest: dict[str, Any] = {
        "metadata": {name: value for name, value in metadata.items() if name not in plain},
        "checksums": {name: digest.hex() for name, digest in checksums.items()},
    }
    packed = {part: held for part, held in rest.items() if held}
    if packed:
        plain[PACKED] = base64.b64encode(json.dumps(packed).encode()).decode()
    return {META + name: value for name, value in plain.items()}


def _is_plain(name: str, value: str) -> bool:
    return bool(name != PACKED and _NAME.fullmatch(name) and _VALUE.fullmatch(value))


def revision(key: str, head: Head, tags: Mapping[str, str]) -> Revision:
    """What S3 says of the current object. Where there are versions nobody told its number."""
    plain = dict(head.metadata)
    packed = _unpacked(plain.pop(PACKED, ""))
    return Revision(
        key=key,
        number=number_of(head.version),
        version=head.version or UNVERSIONED,
        size=head.size,
        created_at=head.modified,
        content_type=head.content_type,
        etag=head.etag,
        checksums=packed.checksums,
        metadata={**plain, **packed.metadata},
        tags=tags,
        is_null=is_null(head.version),
    )


def summed(key: str, head: Head, tags: Mapping[str, str]) -> Revision:
    """The same with the checksums that S3 itself keeps, if it was asked for them: what it
    computed counts more than what a writer noted."""
    found = revision(key, head, tags)
    return replace(found, checksums={**found.checksums, **_kept(head.headers)})


def _kept(headers: Mapping[str, str]) -> dict[str, bytes]:
    """Those of all bytes (S3 HeadObject); a composite one, `…-7`, is of the parts' checksums."""
    if headers.get(f"{PREFIX}type") == "COMPOSITE":
        return {}
    told = {name: _digest(headers.get(PREFIX + name, "")) for name in LENGTHS}
    return {name: it for name, it in told.items() if len(it) == LENGTHS[name]}


def _digest(text: str) -> bytes:
    """Nothing of what is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def stored(key: str, made: Stored, size: int) -> Revision:
    """What is known without asking of an object that was made."""
    return Revision(
        key,
        number_of(made.version),
        made.version or UNVERSIONED,
        size,
        answered_at(made.headers),
        etag=made.etag,
        is_null=is_null(made.version),
    )


def own_version(made: Stored) -> str | None:
    """The version id that nothing else will ever have, if there is one."""
    return None if is_null(made.version) else made.version


def listed(entry: Listed, number: int = NEWEST, version: str = "") -> Revision:
    """What a listing says of an object or a marker: nothing of type, metadata and tags, and
    one of objects nothing of versions."""
    return Revision(
        key=entry.key,
        number=number,
        version=version,
        size=entry.size,
        created_at=entry.modified,
        etag=entry.etag,
        is_marker=entry.is_marker,
        is_current=entry.is_latest,
        is_null=version == UNVERSIONED,
    )


def marker(key: str, deleted: Deleted) -> Revision | None:
    """The delete marker that a deletion made, if any."""
    if not deleted.is_marker:
        return None
    version = deleted.version or UNVERSIONED
    return Revision(
        key, NEWEST, version, 0, deleted.at, is_marker=True, is_null=version == UNVERSIONED
    )


def usage(entry: Listed) -> Usage:
    """What a version or a marker adds to what a bucket holds."""
    if entry.is_marker:
        return Usage(markers=1)
    current = (1, entry.size) if entry.is_latest else (0, 0)
    return Usage(*current, 1, entry.size)


def number_of(version: str | None) -> int:
    """Of the current version: 0, the only one, where there are no versions."""
    return 0 if version is None else NEWEST


def is_null(version: str | None) -> bool:
    return version in (None, UNVERSIONED)


class _Packed(NamedTuple):
    metadata: Mapping[str, str]
    checksums: Mapping[str, bytes]


def _unpacked(text: str) -> _Packed:
    """Nothing of what somebody else put there: whatever it is, it is no error."""
    try:
        found = json.loads(base64.b64decode(text, validate=True) or b"{}")
        metadata = {str(name): str(value) for name, value in found.get("metadata", {}).items()}
        sums = {str(name): bytes.fromhex(it) for name, it in found.get("checksums", {}).items()}
    except (ValueError, AttributeError, TypeError, RecursionError):
        return _Packed({}, {})
    return _Packed(metadata, sums)


def check_span(start: int, end: int | None) -> None:
    if start < 0 or (end is not None and end < start):
        raise InvalidArgument(f"no range of bytes: {start} to {end}")
