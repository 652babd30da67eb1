"""Which names Azure takes ("Naming and referencing containers, blobs, and metadata")."""

from __future__ import annotations

import re
from typing import Final

from holdall.core.errors import InvalidBucketName, NotSupported
from holdall.core.names import check_bucket_name, encode_key

_CONTAINER: Final = re.compile("[a-z0-9](?:-?[a-z0-9])*")
_RULE: Final = "3 to 63 of the characters a-z 0-9 -, each - between two others"

# Azure reads a backslash as a slash and drops what it takes for a step between folders; no
# list, which is XML 1.0, can name a control character.
UNKEPT: Final = re.compile("[\x00-\x1f\x7f\\\\\ufffe\uffff]")
_FALSE_SEGMENT: Final = re.compile(r"(?:^|/)[^/]*\.(?:/|$)")

_METADATA: Final = re.compile("[a-z_][a-z0-9_]*")
_VALUE: Final = re.compile(r"[!-~]+(?: [!-~]+)*")
_TAG: Final = re.compile(r"[A-Za-z0-9 +\-./:=_]*")
_MOST_TAGS, _TAG_NAME, _TAG_VALUE = 10, 128, 256


def check_container_name(name: str) -> None:
    """`InvalidBucketName` for what is none of ours, or none of Azure's."""
    check_bucket_name(name)
    if not _CONTAINER.fullmatch(name) or len(name) < 3:
        text = f"bad bucket name {name!r}: {_RULE}"
        raise InvalidBucketName(text, bucket=name, expected=_RULE)


def check_key(key: str) -> None:
    """`InvalidKey` for what is no key, `NotSupported` for one that Azure would change."""
    encode_key(key)
    if UNKEPT.search(key) or _FALSE_SEGMENT.search(key):
        raise NotSupported(f"Azure cannot keep the key {key!a} as it is.", key=key)


def is_plain(name: str, value: str) -> bool:
    """Whether metadata goes as it is: an identifier, whose case HTTP does not keep."""
    return bool(_METADATA.fullmatch(name) and _VALUE.fullmatch(value))


def are_tags(tags: dict[str, str]) -> bool:
    """Whether Azure takes them for blob index tags ("Set Blob Tags")."""
    return len(tags) <= _MOST_TAGS and all(
        0 < len(name) <= _TAG_NAME
        and len(value) <= _TAG_VALUE
        and _TAG.fullmatch(name)
        and _TAG.fullmatch(value)
        for name, value in tags.items()
    )
