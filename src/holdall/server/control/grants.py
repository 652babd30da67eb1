"""Grants: sharing a bucket with users and organisations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from holdall.engine import accounts
from holdall.server.control.asked import Asked
from holdall.server.control.caller import Caller
from holdall.server.control.names import BucketInPath, GranteeInPath
from holdall.server.control.paging import After, Limit, described, listed

router = APIRouter(prefix="/buckets/{bucket}/grants", tags=["grants"])

Level = Literal["read", "write", "manage"]
MANAGE = "s3:PutBucketPolicy"
"""Whoever may do this, decides who else may do what."""


class Grant(BaseModel):
    """`grantee` is `user:NAME` or `org:NAME`."""

    grantee: str
    level: Level


class NewGrant(Asked):
    level: Level


@router.get("", responses=described(Grant), response_model=None)
async def list_grants(
    bucket: BucketInPath,
    request: Request,
    caller: Caller,
    after: After = "",
    limit: Limit = 100,
) -> Response:
    """Whom a bucket is shared with. For those who manage it."""
    found = await caller.bucket(bucket, "s3:GetBucketPolicy", elsewhere=True)

    async def fetch(after: str, limit: int) -> Sequence[Grant]:
        rows = await accounts.list_grants(caller.engine, found.id, after=after, limit=limit)
        return [Grant.model_validate({"grantee": r.grantee, "level": r.level}) for r in rows]

    return await listed(request, fetch, lambda grant: grant.grantee, after, limit)


@router.put("/{grantee}")
async def put_grant(
    bucket: BucketInPath, grantee: GranteeInPath, wanted: NewGrant, caller: Caller
) -> Grant:
    """Share a bucket, or change how far. For those who manage it."""
    found = await caller.bucket(bucket, MANAGE, writes=True, elsewhere=True)
    await accounts.put_grant(caller.engine, found.id, grantee, wanted.level)
    return Grant(grantee=grantee, level=wanted.level)


@router.delete("/{grantee}", status_code=204)
async def delete_grant(bucket: BucketInPath, grantee: GranteeInPath, caller: Caller) -> None:
    """Share a bucket no longer. For those who manage it."""
    found = await caller.bucket(bucket, MANAGE, writes=True, elsewhere=True)
    await accounts.delete_grant(caller.engine, found.id, grantee)
