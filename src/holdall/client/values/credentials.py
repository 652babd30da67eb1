"""Credentials to buckets, as a provider or a server gives them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdall.client.values.bucket import Bucket


@dataclass(frozen=True, slots=True)
class BucketCredentials:
    """Raw credentials to one bucket; the fields depend on the provider. Never printed."""

    bucket_id: str
    provider: Bucket.Provider
    credentials: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersistentBucketCredentials:
    """Credentials to several buckets that last until they are removed."""

    id: str
    owner: str
    name: str | None
    read_only: bool
    cluster_name: str
    credentials: list[BucketCredentials] = field(repr=False)
