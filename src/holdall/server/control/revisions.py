"""Revisions of an object: its past, and going back to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from holdall.core.values import Revision as Record
from holdall.engine import history
from holdall.server.control.asked import Asked
from holdall.server.control.caller import Caller
from holdall.server.control.names import BucketInPath, Key
from holdall.server.control.paging import Limit, described, listed

router = APIRouter(prefix="/buckets/{bucket}", tags=["revisions"])

KeyInQuery = Annotated[Key, Query()]
Number = Annotated[str, Query(pattern=r"^[0-9]{0,18}$", description="Begin below this number.")]


class Revision(BaseModel):
    """`number` counts from 0 in the order written; `version` is S3's version id. A marker
    says that the object was deleted then."""

    key: str
    number: int
    version: str
    size: int
    created_at: datetime
    content_type: str
    etag: str
    is_marker: bool
    is_current: bool


class Wanted(Asked):
    key: Key
    number: Annotated[int, Field(ge=-(2**53), le=2**53)] = Field(
        description="0 the original, -1 the newest."
    )


class Deleted(BaseModel):
    key: Key


def shown(record: Record) -> Revision:
    return Revision(
        key=record.key,
        number=record.number,
        version=record.version,
        size=record.size,
        created_at=record.created_at,
        content_type=record.content_type,
        etag=record.etag,
        is_marker=record.is_marker,
        is_current=record.is_current,
    )


@router.get("/revisions", responses=described(Revision), response_model=None)
async def list_revisions(
    bucket: BucketInPath,
    key: KeyInQuery,
    request: Request,
    caller: Caller,
    after: Number = "",
    limit: Limit = 100,
) -> Response:
    """The revisions of an object, the newest first."""
    found = await caller.bucket(bucket, "s3:ListBucketVersions")

    async def fetch(after: str, limit: int) -> Sequence[Revision]:
        below = int(after) if after else None
        records = await history.history(caller.engine, found.id, key, below, limit)
        return [shown(record) for record in records]

    return await listed(request, fetch, lambda revision: str(revision.number), after, limit)


@router.post("/restore")
async def restore(bucket: BucketInPath, wanted: Wanted, caller: Caller) -> Revision:
    """Make an old revision the newest one. No bytes move."""
    found = await caller.bucket(bucket, "s3:GetObjectVersion", key=wanted.key)
    await caller.bucket(bucket, "s3:PutObject", key=wanted.key, writes=True)
    return shown(await history.restore(caller.engine, found.id, wanted.key, wanted.number))


@router.post("/undelete")
async def undelete(bucket: BucketInPath, wanted: Deleted, caller: Caller) -> Revision:
    """Bring a deleted object back, as a new revision."""
    found = await caller.bucket(bucket, "s3:PutObject", key=wanted.key, writes=True)
    return shown(await history.undelete(caller.engine, found.id, wanted.key))
