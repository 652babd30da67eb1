"""Keys, bucket names, bucket references and owner names: what they may be, as bytes and as text.

A key is opaque: any 1 to 1024 bytes of UTF-8. A bucket name follows the naming rules S3
documents for general purpose buckets, with `_` allowed as well and a length of 1 to 63.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final, NoReturn

from holdall.core.errors import InvalidArgument, InvalidBucketName, InvalidKey

MAX_KEY_BYTES: Final = 1024
MAX_OWNER_BYTES: Final = 255

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID: Final = re.compile(f"B[{_CROCKFORD}]{{25}}")
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_IPV4: Final = re.compile(r"[0-9]+(?:\.[0-9]+){3}")

# What S3 keeps for access points, directory and table buckets, documentation and IDNA.
_RESERVED_PREFIXES: Final = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES: Final = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an")


def encode_key(key: str) -> bytes:
    """The key's bytes, which are also its place in the order. `InvalidKey`."""
    try:
        raw = key.encode()
    except (UnicodeEncodeError, AttributeError) as error:
        raise _bad_key(key) from error
    if 0 < len(raw) <= MAX_KEY_BYTES:
        return raw
    raise _bad_key(key)


def decode_key(raw: bytes) -> str:
    """The key that has these bytes. `InvalidKey` when they are not UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise InvalidKey("a key's bytes must be UTF-8", key=ascii(raw), actual=len(raw)) from error


def _bad_key(key: object) -> InvalidKey:
    if not isinstance(key, str):
        kind = type(key).__name__
        return InvalidKey(f"a key is a str, not {kind}", key=repr(key), actual=kind)
    # Backslashes in place of lone surrogates, so that the fact can be logged and sent.
    shown = key.encode(errors="backslashreplace").decode()
    length = len(key.encode(errors="surrogatepass"))
    text = f"a key has 1 to {MAX_KEY_BYTES} bytes of UTF-8, this one {length}"
    if _SURROGATE.search(key):
        text = "a key must not hold a lone surrogate"
    return InvalidKey(text, key=shown, actual=length)


def check_bucket_name(name: str) -> None:
    """Raise `InvalidBucketName`, which says the rule as `expected`, for a name not allowed.

    The rules are those of S3's "General purpose bucket naming rules", save that `_` may
    stand inside and that one or two characters suffice.
    """
    if not _NAME.fullmatch(name):
        _refuse_name(
            name,
            "1 to 63 of the characters a-z 0-9 . - _, the first and the last a letter or digit",
        )
    if ".." in name:
        _refuse_name(name, "no two adjacent dots")
    if _IPV4.fullmatch(name):
        _refuse_name(name, "not formatted as an IPv4 address")
    _check_reserved(name)


def _check_reserved(name: str) -> None:
    if name.startswith(_RESERVED_PREFIXES):
        _refuse_name(name, f"no start that S3 reserves ({' '.join(_RESERVED_PREFIXES)})")
    if name.endswith(_RESERVED_SUFFIXES):
        _refuse_name(name, f"no end that S3 reserves ({' '.join(_RESERVED_SUFFIXES)})")


def _refuse_name(name: str, rule: str) -> NoReturn:
    raise InvalidBucketName(f"bad bucket name {name!r}: {rule}", bucket=name, expected=rule)


def check_owner_name(owner: str) -> None:
    """Raise `InvalidArgument` unless `owner` has 1 to 255 bytes and neither `/` nor NUL."""
    length = len(owner.encode(errors="surrogatepass"))
    if not 0 < length <= MAX_OWNER_BYTES or "/" in owner or not _is_text(owner):
        rule = f"1 to {MAX_OWNER_BYTES} bytes without '/' and NUL"
        raise InvalidArgument(f"bad owner name {owner!r}: {rule}", owner=owner, expected=rule)


@dataclass(frozen=True, slots=True)
class BucketRef:
    """How a caller named a bucket: by `id`, by `owner` and `name`, or by `name` alone."""

    id: str | None = None
    owner: str | None = None
    name: str | None = None


def parse_bucket_ref(text: str) -> BucketRef:
    """Read an id, `owner/name` or a name.

    An id starts with an upper-case letter and a name holds none, so they never meet. The
    name's own rule is not applied: a bucket that cannot exist is simply not found.
    `InvalidBucketName` for an empty name, `InvalidArgument` for a bad owner.
    """
    if _ID.fullmatch(text):
        return BucketRef(id=text)
    owner, slash, name = text.rpartition("/")
    if not name or not _is_text(name):
        _refuse_name(text, "a bucket's id, its name, or owner/name")
    if not slash:
        return BucketRef(name=name)
    check_owner_name(owner)
    return BucketRef(owner=owner, name=name)


def _is_text(name: str) -> bool:
    """Whether every catalog can hold it: no NUL and no lone surrogate."""
    return "\0" not in name and not any("\ud800" <= char <= "\udfff" for char in name)


def new_bucket_id() -> str:
    """A fresh id: `B` and 125 random bits in Crockford's base 32."""
    return "B" + "".join(secrets.choice(_CROCKFORD) for _ in range(25))
