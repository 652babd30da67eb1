"""Temporary credentials of one bucket, as a server hands them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from holdall.backends.remote.control import Control, segment
from holdall.core.errors import PermissionDenied
from holdall.core.values import BucketRecord
from holdall.s3.signing import Credentials


@dataclass(frozen=True, slots=True)
class S3Grant:
    """A bucket at a provider that speaks S3, and credentials that are good until a time."""

    bucket: str
    endpoint_url: str
    region: str
    until: datetime
    credentials: Credentials = field(repr=False)

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Self:
        """What the fields say that users are given."""
        keys = fields["access_key_id"], fields["secret_access_key"], fields["session_token"]
        return cls(
            fields["bucket_name"],
            fields["endpoint_url"],
            fields["region_name"],
            datetime.fromisoformat(fields["expiration"]),
            Credentials(*keys),
        )


@dataclass(frozen=True, slots=True)
class AzureGrant:
    """A container at Azure, and a shared access signature that is good until a time."""

    bucket: str
    endpoint: str
    until: datetime
    sas: str = field(repr=False)

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Self:
        until = datetime.fromisoformat(fields["expiry"])
        return cls(fields["bucket_name"], fields["storage_endpoint"], until, fields["sas_token"])


@dataclass(frozen=True, slots=True)
class GoogleGrant:
    """A bucket at Google, and an access token that is good until a time. `endpoint` None is
    Google's own."""

    bucket: str
    project: str
    endpoint: str | None
    until: datetime
    token: str = field(repr=False)

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Self:
        until = datetime.fromisoformat(fields["expire_time"])
        endpoint = fields.get("endpoint_url")
        named = fields["bucket_name"], fields["project"]
        return cls(*named, endpoint, until, fields["access_token"])


async def granted(control: Control, record: BucketRecord) -> Mapping[str, str]:
    """What the server gives out for a bucket: to write, or where the caller may not, to read."""
    path, facts = f"/buckets/{segment(str(record.name))}/credentials", {"bucket": record.name}
    try:
        found = await control.post(path, {"access": "write"}, **facts)
    except PermissionDenied:
        found = await control.post(path, {"access": "read"}, **facts)
    return {name: str(value) for name, value in found.items()}
