"""Policy documents as JSON: a reader that refuses what could be read in two ways."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

from holdall.s3.errors import S3Error

MAX_BYTES: Final = 20 * 1024
"""Of a bucket policy (Amazon S3 User Guide, "Bucket policies")."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def malformed(message: str) -> S3Error:
    return S3Error("MalformedPolicy", message)


def load(document: bytes, limit: int = MAX_BYTES) -> dict[str, Any]:
    """The object that a document is. `MalformedPolicy`."""
    if len(document) > limit:
        raise malformed(f"Policy exceeds the maximum allowed size of {limit} bytes")
    if not document.startswith(b"{"):
        raise malformed("Policies must be valid JSON and the first byte must be '{'")
    try:
        found: dict[str, Any] = json.loads(
            document.decode(), object_pairs_hook=_unique, parse_constant=_refuse
        )
    except (ValueError, RecursionError) as error:
        raise malformed("This policy contains invalid Json") from error
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice in one object")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def fields(found: object, allowed: frozenset[str]) -> dict[str, Any]:
    """An object that has no other fields. `MalformedPolicy`."""
    if not isinstance(found, dict):
        raise malformed("Invalid policy syntax.")
    for name in found:
        if name not in allowed:
            shown = name.encode(errors="backslashreplace").decode()
            raise malformed(f"Unknown field {shown}")
    return found


def text(found: object, problem: str) -> str:
    """A text without lone surrogates, which mark wildcards later on. `MalformedPolicy`."""
    if not isinstance(found, str) or _SURROGATE.search(found):
        raise malformed(problem)
    return found


def texts(found: object, problem: str) -> tuple[str, ...]:
    """One text, or a list of at least one. `MalformedPolicy`."""
    listed = found if isinstance(found, list) else [found]
    if not listed:
        raise malformed(problem)
    return tuple(text(each, problem) for each in listed)


def scalars(found: object, problem: str) -> tuple[str, ...]:
    """As `texts`; numbers and truth values are taken for their texts."""
    listed = found if isinstance(found, list) else [found]
    return texts([_as_text(each) for each in listed], problem)


def _as_text(found: object) -> object:
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found) if isinstance(found, int | float) else found
