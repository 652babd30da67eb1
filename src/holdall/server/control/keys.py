"""Access keys: what requests are signed with, and how far each of them reaches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from holdall.catalog.tables.access_keys import AccessKeyRow
from holdall.core.errors import NotFound
from holdall.engine import accounts
from holdall.engine.records import microseconds_of, moment
from holdall.server import first_start
from holdall.server.control.asked import Asked
from holdall.server.control.caller import Caller, Calling
from holdall.server.control.names import BucketName, KeyInPath, Text, UserInQuery
from holdall.server.control.paging import After, Limit, described, listed
from holdall.server.control.problems import Refusal

router = APIRouter(prefix="/keys", tags=["access keys"])

Buckets = Annotated[
    list[BucketName] | None,
    Field(max_length=100, description="Names of the buckets that it is for; null for all."),
]


class AccessKey(BaseModel):
    """`last_used_at` is written down every few seconds."""

    id: str
    user: str
    name: str
    buckets: list[str] | None
    read_only: bool
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewAccessKey(AccessKey):
    secret_key: str = Field(description="Shown this once: it cannot be asked for later.")


class WantedKey(Asked):
    user: Text | None = Field(None, description="Whose it is; null for the caller.")
    name: Text = Field("", description="What it is for.")
    buckets: Buckets = None
    read_only: bool = False
    expires_at: AwareDatetime | None = None


def shown(row: AccessKeyRow) -> AccessKey:
    return AccessKey(
        id=row.id,
        user=row.user,
        name=row.name,
        buckets=None if row.buckets is None else json.loads(row.buckets),
        read_only=bool(row.read_only),
        created_at=moment(row.created),
        expires_at=None if row.expires is None else moment(row.expires),
        last_used_at=None if row.last_used is None else moment(row.last_used),
    )


@router.get("", responses=described(AccessKey), response_model=None)
async def list_keys(
    request: Request,
    caller: Caller,
    user: UserInQuery = None,
    after: After = "",
    limit: Limit = 100,
) -> Response:
    """The caller's keys, or those of any user for administrators."""
    name = user or caller.user
    caller.require_self_or_admin(name)

    async def fetch(after: str, limit: int) -> Sequence[AccessKey]:
        rows = await accounts.list_keys(caller.engine, name, after=after, limit=limit)
        return [shown(row) for row in rows]

    return await listed(request, fetch, lambda key: key.id, after, limit)


@router.post("", status_code=201)
async def create_key(wanted: WantedKey, caller: Caller) -> NewAccessKey:
    """Make a key, and show its secret for the first and last time."""
    caller.require_whole_key()
    user = wanted.user or caller.user
    caller.require_self_or_admin(user)
    expires = _expiry(caller, wanted.expires_at)
    id, secret = first_start.new_access_key(), first_start.new_secret_key()
    row = await accounts.create_key(
        caller.engine,
        id,
        caller.site.stored.seal(id, secret),
        user,
        name=wanted.name,
        expires=expires,
        buckets=wanted.buckets,
        read_only=wanted.read_only,
    )
    return NewAccessKey(**shown(row).model_dump(), secret_key=secret)


def _expiry(caller: Calling, expires_at: datetime | None) -> int | None:
    if expires_at is None:
        return None
    if expires_at <= caller.site.state.now():
        raise Refusal(422, "InvalidArgument", "`expires_at` is over already.")
    return microseconds_of(expires_at)


@router.get("/{key}")
async def get_key(key: KeyInPath, caller: Caller) -> AccessKey:
    """A key of the caller's, or any for administrators."""
    return shown(await _own(caller, key))


@router.delete("/{key}", status_code=204)
async def delete_key(key: KeyInPath, caller: Caller) -> None:
    """Revoke a key, and with it the temporary credentials made with it: at once."""
    caller.require_whole_key()
    await _own(caller, key)
    await accounts.delete_key(caller.engine, key)


async def _own(caller: Calling, id: str) -> AccessKeyRow:
    row = await accounts.get_key(caller.engine, id)
    if row.user != caller.user and not caller.is_admin:
        raise NotFound(f"There is no such thing: access key {id}.")
    return row
