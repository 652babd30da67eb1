"""Credentials for one bucket, of the token services that confine them to it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from holdall.backends.access import BucketAccess
from holdall.s3.client import S3Client
from holdall.s3.federation import Wish

HOUR: Final = Wish(3600, writes=True)
_AMAZON: Final = ".amazonaws.com"


def provider_of(client: S3Client) -> str | None:
    """Amazon is known by its name. Anybody else has to be named: who takes a policy and does not
    heed it would give out credentials for everything."""
    host = urlsplit(client.endpoint_url).hostname or ""
    return "aws" if host.endswith(_AMAZON) else None


def can_grant(client: S3Client, provider: str | None) -> bool:
    """Amazon asks for keys that last (STS GetFederationToken)."""
    keys = client.credentials
    return bool(keys and provider and not (provider == "aws" and keys.session_token))


async def granted(client: S3Client, provider: str, bucket: str) -> BucketAccess:
    """To read and to write, for an hour; never more than the caller's own rights."""
    await client.head_bucket(bucket)
    made = await client.federate(provider, bucket, HOUR)
    fields = {
        "bucket_name": bucket,
        "region_name": client.region,
        "endpoint_url": client.endpoint_url,
        "access_key_id": made.credentials.access_key,
        "secret_access_key": made.credentials.secret_key,
        "session_token": made.credentials.session_token or "",
        "expiration": made.expiration.isoformat(),
    }
    return BucketAccess(bucket, provider, fields)
