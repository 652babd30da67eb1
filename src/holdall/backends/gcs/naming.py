"""Which names Google takes ("Bucket naming guidelines", "Object naming guidelines")."""

from __future__ import annotations

import re
from typing import Final

from holdall.core.errors import InvalidBucketName, NotSupported
from holdall.core.names import check_bucket_name, encode_key

_RULE: Final = "3 characters or more, none of them a name's that has google in it"
_TAKEN: Final = re.compile("^goog|google|g00gle")
_FALSE_KEY: Final = re.compile(r"[\r\n]|^\.{1,2}$|^\.well-known/acme-challenge/")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def check_name(name: str) -> None:
    """`InvalidBucketName` for what is none of ours, or none of Google's."""
    check_bucket_name(name)
    if len(name) < 3 or _TAKEN.search(name):
        text = f"bad bucket name {name!r}: {_RULE}"
        raise InvalidBucketName(text, bucket=name, expected=_RULE)


def check_key(key: str) -> None:
    """`InvalidKey` for what is no key, `NotSupported` for what Google takes for none."""
    encode_key(key)
    if _FALSE_KEY.search(key):
        raise NotSupported(f"Google cannot keep the key {key!a}.", key=key)


def is_plain(name: str, value: str) -> bool:
    """Whether metadata goes as it is: HTTP, in which others read it, carries it too."""
    fits = value.isascii() and value.isprintable() and value == value.strip()
    return bool(value and fits and _PLAIN_NAME.fullmatch(name))
