"""A bucket as its users see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from yarl import URL

from holdall.core.errors import InvalidArgument
from holdall.core.uris import BlobURI
from holdall.core.values import BucketRecord, Versioning


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket. `name` is None for a bucket that goes by its id.

    `public_access` says whether anybody may read it, once it is served.
    """

    class Provider(Enum):
        """Who keeps the bytes of a bucket."""

        HOLDALL = "holdall"
        AWS = "aws"
        MINIO = "minio"
        AZURE = "azure"
        GCP = "gcp"
        GRIDFS = "gridfs"

    id: str
    owner: str
    name: str | None
    cluster_name: str
    org_name: str | None
    created_at: datetime
    provider: Provider = Provider.HOLDALL
    public_access: bool = False
    versioning: Versioning = Versioning.ENABLED

    @property
    def uri(self) -> URL:
        """`blob://cluster/owner/name`, with the id where there is no name."""
        return self.uri_of("")

    def uri_of(self, key: str) -> URL:
        """The full URI of a key in this bucket; the empty key is the bucket itself."""
        return BlobURI(
            cluster=self.cluster_name,
            org=self.org_name,
            owner=self.owner,
            bucket=self.name or self.id,
            key=key,
        ).to_url()


def bucket_of(
    record: BucketRecord,
    *,
    cluster_name: str,
    org_name: str | None = None,
    provider: Bucket.Provider = Bucket.Provider.HOLDALL,
) -> Bucket:
    """What a backend knows of a bucket, placed in its cluster."""
    return Bucket(
        id=record.id,
        owner=record.owner,
        name=record.name,
        cluster_name=cluster_name,
        org_name=org_name,
        created_at=record.created_at,
        provider=provider,
        public_access=record.public_access,
        versioning=record.versioning,
    )


def provider_of(named: Bucket.Provider | str) -> Bucket.Provider:
    """A provider by its name, "aws" or "minio" for instance. `InvalidArgument`."""
    try:
        return Bucket.Provider(named)
    except ValueError as error:
        known = ", ".join(each.value for each in Bucket.Provider)
        raise InvalidArgument(f"{named!r} is no provider; there are {known}") from error
