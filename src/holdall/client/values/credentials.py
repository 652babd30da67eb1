"""Credentials to buckets, as a provider or a server gives them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdall.backends.access import BucketAccess, LastingAccess
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


def bucket_credentials_of(access: BucketAccess) -> BucketCredentials:
    """What a server gave out for one bucket."""
    return BucketCredentials(access.bucket, Bucket.Provider(access.provider), access.fields)


def persistent_credentials_of(
    access: LastingAccess, cluster_name: str
) -> PersistentBucketCredentials:
    """What a server keeps, or just made, in its cluster."""
    return PersistentBucketCredentials(
        id=access.id,
        owner=access.owner,
        name=access.name,
        read_only=access.read_only,
        cluster_name=cluster_name,
        credentials=[bucket_credentials_of(each) for each in access.buckets],
    )
