"""An access token that reaches one bucket ("Downscope with Credential Access Boundaries")."""

from __future__ import annotations

from typing import Any, Final, cast

from google.auth.downscoped import AccessBoundaryRule, CredentialAccessBoundary

from holdall.backends.access import BucketAccess
from holdall.payloads.gcs.client import GcsClient

_ROLES: Final = ("roles/storage.legacyBucketReader", "roles/storage.objectUser")
"""The most that it lets its bearer do: see the bucket and list it; read, write and delete."""


async def granted(client: GcsClient, bucket: str) -> BucketAccess:
    """To read and to write; Google decides how long, an hour at most. The client's credentials
    have to be made for the scope `cloud-platform`: Google exchanges no others."""
    await client.bucket(bucket)
    token = await client.confined(boundary(bucket))
    fields = {
        "bucket_name": bucket,
        "project": client.project or "",
        "access_token": token.secret,
        "expire_time": token.expires.isoformat(),
    }
    return BucketAccess(bucket, "gcp", fields)


def boundary(bucket: str) -> CredentialAccessBoundary:
    untyped = cast(Any, AccessBoundaryRule)
    rule = untyped(
        available_resource=f"//storage.googleapis.com/projects/_/buckets/{bucket}",
        available_permissions=[f"inRole:{role}" for role in _ROLES],
    )
    return cast(Any, CredentialAccessBoundary)(rules=[rule])  # type: ignore[no-any-return]
