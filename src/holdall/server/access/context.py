"""The condition keys of one request, under the names that policies use for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_FAMILIES: Final = (
    "aws:principaltag/",
    "aws:requesttag/",
    "aws:resourcetag/",
    "s3:buckettag/",
    "s3:existingobjecttag/",
    "s3:requestobjecttag/",
)

Value = str | tuple[str, ...]


@lru_cache(maxsize=1024)
def normalised(key: str) -> str:
    """The one spelling of a condition key: names have no case, the keys of tags do."""
    name, slash, tag = key.partition("/")
    return f"{name.lower()}{slash}{tag}"


def in_family(key: str) -> bool:
    """Whether a normalised key names a tag, so that no list can hold it."""
    name, slash, tag = key.partition("/")
    return f"{name}{slash}" in _FAMILIES and bool(tag)


class Context:
    """What conditions and policy variables look up. An absent key has no values."""

    __slots__ = ("_values",)

    def __init__(self, *sources: Mapping[str, Value]) -> None:
        """Later sources win over earlier ones."""
        self._values = {
            normalised(key): (value,) if isinstance(value, str) else value
            for source in sources
            for key, value in source.items()
        }

    def values(self, key: str) -> tuple[str, ...]:
        return self._values.get(key, ())

    def one(self, key: str) -> str | None:
        """The value of a key that has just one, as policy variables need it."""
        values = self.values(key)
        return values[0] if len(values) == 1 else None
