"""What callers may say about a blob or a bucket: checked before anything is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache

from holdall.core.errors import InvalidArgument
from holdall.engine.locking import COMPLIANCE, DEFAULT, GOVERNANCE, HOLD, RETENTION
from holdall.engine.records import pack

MAX_LIMIT = 10_000


def check_pairs(pairs: Mapping[str, str]) -> str | None:
    """Metadata or tags as packed JSON; `InvalidArgument` unless all of it is text."""
    if not pairs:
        return None
    for name, value in pairs.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise InvalidArgument(f"{name!r}: {value!r} is not text.", actual=(name, value))
    return _packed(tuple(pairs.items()))


@lru_cache(maxsize=1024)  # much of what is stored with blobs is the same for many of them
def _packed(pairs: tuple[tuple[str, str], ...]) -> str | None:
    return pack(dict(pairs))


def check_marks(marks: Mapping[str, str]) -> dict[str, str] | None:
    """Marks as they are stored. `InvalidArgument` for what is no text, and for a hold or a
    retention that is not as `holdall.engine.locking` says."""
    if not check_pairs(marks):
        return None
    for name, value in marks.items():
        check_text(name)
        check_text(value)
        if name in _RULES and not _RULES[name](value):
            raise InvalidArgument(f"{value!r} is no {name}.", actual=value)
    return dict(marks)


def check_setting(name: str, value: str) -> None:
    """`InvalidArgument` for a document that cannot be stored, and for an `object-lock` that is
    no JSON object with "mode", as in a retention, and "days" or "years", or without both."""
    check_text(name)
    check_text(value)
    if name == DEFAULT and not _is_default(value):
        raise InvalidArgument(f"{value!r} is no default retention.", actual=value)


def check_text(text: str) -> None:
    """`InvalidArgument` for what not every catalog can hold: NUL and lone surrogates."""
    encode_text(text)
    if "\0" in text:
        raise InvalidArgument("A text must not hold NUL.", actual=text)


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


def _is_hold(text: str) -> bool:
    return text in ("ON", "OFF")


def _is_retention(text: str) -> bool:
    found = _parsed(text)
    return _is_mode(found.get("mode")) and _is_count(found.get("until"), 2**57)


def _is_default(text: str) -> bool:
    found = _parsed(text)
    periods = [found[name] for name in ("days", "years") if name in found]
    if "mode" not in found:
        return found != _NO_OBJECT and not periods
    return _is_mode(found["mode"]) and len(periods) == 1 and _is_count(periods[0], 36_500)


def _parsed(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return _NO_OBJECT
    return found if isinstance(found, dict) else _NO_OBJECT


def _is_mode(value: object) -> bool:
    return value in (GOVERNANCE, COMPLIANCE)


def _is_count(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most


_NO_OBJECT: dict[str, object] = {"": None}

_RULES: Mapping[str, Callable[[str], bool]] = {HOLD: _is_hold, RETENTION: _is_retention}
"""What those marks must be that the engine itself reads."""
