"""Who calls: what a program is told that has a key and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from pydantic import BaseModel

from holdall.server.control.caller import Caller

router = APIRouter(prefix="/me", tags=["users"])


class Me(BaseModel):
    """`orgs` are the caller's organisations, each with their role there."""

    user: str
    is_admin: bool
    orgs: Mapping[str, str]


@router.get("")
async def get_me(caller: Caller) -> Me:
    """Whose key the request is signed with."""
    orgs = caller.proved.key.caller.orgs
    return Me(user=caller.user, is_admin=caller.is_admin, orgs=dict(orgs))
