"""Credentials to buckets, as backends give them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BucketAccess:
    """Credentials to one bucket; what `fields` there are depends on the provider, a word such
    as `holdall` or `aws`. Lasting ones are told with their secret once, when they are made."""

    bucket: str
    provider: str
    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class LastingAccess:
    """Credentials to some buckets that last until they are deleted. `name` None: they go by
    their id."""

    id: str
    owner: str
    name: str | None
    read_only: bool
    buckets: tuple[BucketAccess, ...] = field(repr=False)
