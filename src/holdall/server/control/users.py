"""Users: who owns buckets and holds access keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from holdall.catalog.tables.users import UserRow
from holdall.engine import accounts
from holdall.engine.records import moment
from holdall.server.control.asked import Asked
from holdall.server.control.caller import Caller
from holdall.server.control.names import InPath, NewUserName, Text
from holdall.server.control.paging import After, Limit, described, listed
from holdall.server.control.problems import Refusal
from holdall.server.identities import canonical_id

router = APIRouter(prefix="/users", tags=["users"])


class User(BaseModel):
    """`canonical_id` is how S3's access lists name the user; administrators may do everything."""

    name: str
    display: str
    is_admin: bool
    created_at: datetime
    canonical_id: str


class NewUser(Asked):
    name: NewUserName
    display: Text = ""
    is_admin: bool = False


class UserChange(Asked):
    """What is absent stays as it is."""

    display: Text | None = None
    is_admin: bool | None = None


def shown(row: UserRow) -> User:
    return User(
        name=row.name,
        display=row.display,
        is_admin=bool(row.is_admin),
        created_at=moment(row.created),
        canonical_id=canonical_id(row.name),
    )


@router.get("", responses=described(User), response_model=None)
async def list_users(
    request: Request, caller: Caller, after: After = "", limit: Limit = 100
) -> Response:
    """All users, by name. For administrators."""
    caller.require_admin()

    async def fetch(after: str, limit: int) -> Sequence[User]:
        return [
            shown(row) for row in await accounts.list_users(caller.engine, after=after, limit=limit)
        ]

    return await listed(request, fetch, lambda user: user.name, after, limit)


@router.post("", status_code=201)
async def create_user(wanted: NewUser, caller: Caller) -> User:
    """Make a user, who has no access key yet. For administrators."""
    caller.require_admin()
    row = await accounts.create_user(
        caller.engine, wanted.name, display=wanted.display, is_admin=wanted.is_admin
    )
    await caller.site.stored.list_users()
    return shown(row)


@router.get("/{user}")
async def get_user(user: InPath, caller: Caller) -> User:
    """A user: oneself, or any for administrators."""
    caller.require_self_or_admin(user)
    return shown(await accounts.get_user(caller.engine, user))


@router.patch("/{user}")
async def change_user(user: InPath, change: UserChange, caller: Caller) -> User:
    """Change what is said of a user. For administrators."""
    caller.require_admin()
    if change.is_admin is False:
        _refuse_root(caller, user)
    facts: dict[str, Any] = change.model_dump(exclude_none=True)
    row = await accounts.update_user(caller.engine, user, **facts)
    await caller.site.stored.list_users()
    return shown(row)


@router.delete("/{user}", status_code=204)
async def delete_user(user: InPath, caller: Caller) -> None:
    """Delete a user with their keys, memberships and grants; not while they own a bucket."""
    caller.require_admin()
    _refuse_root(caller, user)
    await accounts.delete_user(caller.engine, user)
    await caller.site.stored.list_users()


def _refuse_root(caller: Caller, user: str) -> None:
    if user == caller.site.root:
        raise Refusal(409, "Conflict", "The server's own administrator stays one.")
