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
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from holdall.core.content_types import guess_content_type
from holdall.core.errors import InvalidArgument, NotSupported
from holdall.core.values import CopyOptions, Precondition, PutOptions, Revision
from holdall.engine.checking import check_content_type, check_pairs
from holdall.s3.client import Head
from holdall.s3.client.values import META, quoted

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
    check_condition(options.precondition)


def check_condition(condition: Precondition) -> None:
    if condition.expect is not None:
        raise NotSupported("S3 does not number revisions, so none can be expected.")
    if condition.if_none_match not in (None, "*"):
        raise NotSupported("S3 takes no entity tag in If-None-Match of a write, only *.")


def conditions(condition: Precondition) -> dict[str, str]:
    """The headers of a conditional write (S3 "Conditional writes")."""
    wanted = {"if-match": condition.if_match, "if-none-match": condition.if_none_match}
    return {name: quoted(tag) for name, tag in wanted.items() if tag is not None}


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
    """What S3 says of an object. Its number is 0: S3 has none."""
    plain = dict(head.metadata)
    packed = _unpacked(plain.pop(PACKED, ""))
    return Revision(
        key=key,
        number=0,
        version=head.version or UNVERSIONED,
        size=head.size,
        created_at=head.modified,
        content_type=head.content_type,
        etag=head.etag,
        checksums=packed.checksums,
        metadata={**plain, **packed.metadata},
        tags=tags,
    )


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
