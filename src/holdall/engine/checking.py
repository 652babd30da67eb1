"""What callers may say about a blob: checked before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping

from holdall.core.errors import InvalidArgument
from holdall.engine.records import pack

MAX_LIMIT = 10_000


def check_pairs(pairs: Mapping[str, str]) -> str | None:
    """Metadata or tags as packed JSON; `InvalidArgument` unless all of it is text."""
    if not pairs:
        return None
    for name, value in pairs.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise InvalidArgument(f"{name!r}: {value!r} is not text.", actual=(name, value))
    return pack(pairs)


def check_content_type(content_type: str | None) -> None:
    """`InvalidArgument` for one that could not stand in a header (RFC 9110, 5.5)."""
    if content_type is not None and not (content_type.isascii() and content_type.isprintable()):
        raise InvalidArgument(f"{content_type!r} is no media type.", actual=content_type)


def check_limit(limit: int) -> None:
    """`InvalidArgument` unless a page of so many entries may be asked for."""
    if not 0 < limit <= MAX_LIMIT:
        raise InvalidArgument(f"limit is 1 to {MAX_LIMIT}, not {limit}.", actual=limit)


def encode_text(text: str) -> bytes:
    """The bytes of a prefix or a delimiter. `InvalidArgument` for a lone surrogate."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{text!a} is not Unicode text.", actual=ascii(text)) from error
