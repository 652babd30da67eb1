"""An access token that reaches one bucket ("Downscope with Credential Access Boundaries")."""

from __future__ import annotations

from typing import Any, Final, cast

from google.auth.downscoped import AccessBoundaryRule, CredentialAccessBoundary

from holdall.backends.access import BucketAccess
from holdall.payloads.gcs.client import GcsClient

_READS: Final = ("roles/storage.legacyBucketReader", "roles/storage.legacyObjectReader")
_READS_AND_WRITES: Final = ("roles/storage.legacyBucketReader", "roles/storage.objectUser")
"""The most that it lets its bearer do: see the bucket and list it; read, or write and delete."""


async def granted(client: GcsClient, bucket: str) -> BucketAccess:
    """To read and to write; Google decides how long, an hour at most. The client's credentials
    have to be made for the scope `cloud-platform`: Google exchanges no others."""
    await client.bucket(bucket)
    return BucketAccess(bucket, "gcp", await fields(client, bucket))


async def fields(client: GcsClient, bucket: str, *, writes: bool = True) -> dict[str, str]:
    """What its bearer is told; nobody looks whether there is such a bucket."""
    token = await client.confined(boundary(bucket, writes=writes))
    return {
        "bucket_name": bucket,
        "project": client.project or "",
        "access_token": token.secret,
        "expire_time": token.expires.isoformat(),
    }


def boundary(bucket: str, *, writes: bool = True) -> CredentialAccessBoundary:
    untyped = cast(Any, AccessBoundaryRule)
    rule = untyped(
        available_resource=f"//storage.googleapis.com/projects/_/buckets/{bucket}",
        available_permissions=[
            f"inRole:{role}" for role in (_READS_AND_WRITES if writes else _READS)
        ],
    )
    return cast(Any, CredentialAccessBoundary)(rules=[rule])  # type: ignore[no-any-return]
