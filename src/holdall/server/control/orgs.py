"""Organisations, which own buckets together, and their members."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from holdall.engine import accounts
from holdall.engine.records import moment
from holdall.server.control.asked import Asked
from holdall.server.control.caller import Caller, Calling
from holdall.server.control.names import InPath, NewName
from holdall.server.control.paging import After, Limit, described, listed
from holdall.server.control.problems import Refusal, forbidden

router = APIRouter(prefix="/orgs", tags=["organisations"])

Role = Literal["owner", "admin", "member", "reader"]


class Org(BaseModel):
    name: str
    created_at: datetime


class NewOrg(Asked):
    name: NewName


class Member(BaseModel):
    """Owners and admins manage the organisation's buckets, members write, readers read.

    Owners alone make and unmake owners.
    """

    user: str
    role: Role


class NewRole(Asked):
    role: Role


@router.get("", responses=described(Org), response_model=None)
async def list_orgs(
    request: Request, caller: Caller, after: After = "", limit: Limit = 100
) -> Response:
    """All organisations for administrators, for others those that they belong to."""

    async def fetch(after: str, limit: int) -> Sequence[Org]:
        if caller.is_admin:
            rows = await accounts.list_orgs(caller.engine, after=after, limit=limit)
            return [Org(name=row.name, created_at=moment(row.created)) for row in rows]
        return await _own(caller, after, limit)

    return await listed(request, fetch, lambda org: org.name, after, limit)


async def _own(caller: Calling, after: str, limit: int) -> list[Org]:
    roles = await accounts.roles_of(caller.engine, caller.user)
    names = sorted(name for name in roles if name > after)[:limit]
    rows = [await accounts.get_org(caller.engine, name) for name in names]
    return [Org(name=row.name, created_at=moment(row.created)) for row in rows]


@router.post("", status_code=201)
async def create_org(wanted: NewOrg, caller: Caller) -> Org:
    """Make an organisation, whose first owner is the caller. For administrators."""
    caller.require_admin()
    row = await accounts.create_org(caller.engine, wanted.name)
    await accounts.put_member(caller.engine, row.name, caller.user, "owner")
    return Org(name=row.name, created_at=moment(row.created))


@router.get("/{org}")
async def get_org(org: InPath, caller: Caller) -> Org:
    """An organisation that the caller belongs to."""
    _require_role(caller, org, ("owner", "admin", "member", "reader"))
    row = await accounts.get_org(caller.engine, org)
    return Org(name=row.name, created_at=moment(row.created))


@router.delete("/{org}", status_code=204)
async def delete_org(org: InPath, caller: Caller) -> None:
    """Delete an organisation; not while it owns a bucket. For its owners."""
    caller.require_whole_key()
    _require_role(caller, org, ("owner",))
    await accounts.delete_org(caller.engine, org)


@router.get("/{org}/members", responses=described(Member), response_model=None)
async def list_members(
    org: InPath, request: Request, caller: Caller, after: After = "", limit: Limit = 100
) -> Response:
    """The members of an organisation that the caller belongs to, by name."""
    _require_role(caller, org, ("owner", "admin", "member", "reader"))

    async def fetch(after: str, limit: int) -> Sequence[Member]:
        rows = await accounts.list_members(caller.engine, org, after=after, limit=limit)
        return [Member.model_validate({"user": row.user, "role": row.role}) for row in rows]

    return await listed(request, fetch, lambda member: member.user, after, limit)


@router.put("/{org}/members/{user}")
async def put_member(org: InPath, user: InPath, wanted: NewRole, caller: Caller) -> Member:
    """Make somebody a member, or change their role. For owners and admins."""
    await _require_may_change(caller, org, user, wanted.role)
    await accounts.put_member(caller.engine, org, user, wanted.role)
    return Member(user=user, role=wanted.role)


@router.delete("/{org}/members/{user}", status_code=204)
async def delete_member(org: InPath, user: InPath, caller: Caller) -> None:
    """Take somebody out. For owners and admins, and for oneself."""
    if user == caller.user:
        caller.require_whole_key()
    else:
        await _require_may_change(caller, org, user, "reader")
    await accounts.delete_member(caller.engine, org, user)


async def _require_may_change(caller: Calling, org: str, user: str, role: str) -> None:
    caller.require_whole_key()
    own = _require_role(caller, org, ("owner", "admin"))
    if own == "owner":
        return
    roles = await accounts.roles_of(caller.engine, user)
    if "owner" in (role, roles.get(org)):
        raise forbidden("Only an owner makes and unmakes owners.")


def _require_role(caller: Calling, org: str, roles: tuple[str, ...]) -> str:
    """`Refusal` 404 for those who do not belong to it, as if there were none; 403."""
    role = caller.role_in(org)
    if role is None:
        raise Refusal(404, "NotFound", f"There is no organisation {org}.")
    if role not in roles:
        raise forbidden(f"This is for {' and '.join(roles)} of the organisation.")
    return role
