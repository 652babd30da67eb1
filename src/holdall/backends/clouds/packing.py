"""What a provider has no place for, packed into one value of a blob's metadata.

Metadata that the provider can carry as it is goes as it is, so that others read it. The rest,
tags and checksums go together into `holdall`, base64 over JSON.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

PACKED: Final = "holdall"

NOTHING: Final[Mapping[str, Any]] = {}


class Said(NamedTuple):
    """`tags` is None where none were packed: the provider's own count, if it has any."""

    metadata: Mapping[str, str]
    tags: Mapping[str, str] | None
    checksums: Mapping[str, bytes]


def packed(said: Said, is_plain: Callable[[str, str], bool]) -> dict[str, str]:
    """The provider's metadata. `is_plain` says what it can carry as it is."""
    plain = {
        name: value
        for name, value in said.metadata.items()
        if name.lower() != PACKED and is_plain(name, value)
    }
    rest: dict[str, Any] = {
        "metadata": {name: value for name, value in said.metadata.items() if name not in plain},
        "tags": said.tags,
        "checksums": {name: digest.hex() for name, digest in said.checksums.items()},
    }
    held = {part: each for part, each in rest.items() if each}
    if held:
        plain[PACKED] = base64.b64encode(json.dumps(held).encode()).decode()
    return plain


def unpacked(metadata: Mapping[str, str]) -> Said:
    """Whatever somebody else put there is no error, and nothing of ours."""
    plain = dict(metadata)
    text = plain.pop(PACKED, "")
    try:
        found = json.loads(base64.b64decode(text, validate=True) or b"{}")
        more, tags = _texts(found.get("metadata", {})), found.get("tags")
        sums = {str(name): bytes.fromhex(it) for name, it in found.get("checksums", {}).items()}
        return Said({**plain, **more}, None if tags is None else _texts(tags), sums)
    except (ValueError, AttributeError, TypeError, RecursionError):
        return Said(plain, None, {})


def _texts(pairs: Mapping[str, object]) -> dict[str, str]:
    return {str(name): str(value) for name, value in pairs.items()}
