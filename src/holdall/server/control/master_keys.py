"""The server's master keys: which there are, a new one, the end of an old one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from holdall.server import master_keys, rotation
from holdall.server.control.caller import Caller
from holdall.server.control.names import MasterKeyInPath

router = APIRouter(prefix="/master-keys", tags=["master keys"])


class MasterKey(BaseModel):
    """`id` names the key and tells nothing of it."""

    id: str
    made_at: datetime | None = Field(description="Null for the one that was made with the store.")
    seals: bool = Field(description="Whether it is the one that seals; all of them open.")


class MasterKeys(BaseModel):
    items: list[MasterKey]


class Resealed(BaseModel):
    """How many secrets were sealed anew with the newest key, by what they open."""

    objects: int
    access_keys: int
    imports: int
    webhooks: int


class Rotated(MasterKey):
    resealed: Resealed


def _shown(key: master_keys.MasterKey, *, seals: bool) -> MasterKey:
    return MasterKey(id=key.id, made_at=key.made_at, seals=seals)


def _counted(found: rotation.Resealed) -> Resealed:
    return Resealed(**asdict(found))


@router.get("")
async def list_master_keys(caller: Caller) -> MasterKeys:
    """The newest first. For administrators."""
    caller.require_admin()
    found = caller.site.rotation.keys.every()
    return MasterKeys(items=[_shown(key, seals=key is found[0]) for key in found])


@router.post("", status_code=201)
async def rotate_master_key(caller: Caller) -> Rotated:
    """Make a new key and seal with it whatever the old one sealed. For administrators.

    The old one stays, for what is on its way; drop it after two days.
    """
    caller.require_admin()
    made, resealed = await caller.site.rotation.rotate(caller.site.state.now())
    return Rotated(**_shown(made, seals=True).model_dump(), resealed=_counted(resealed))


@router.delete("/{id}")
async def drop_master_key(id: MasterKeyInPath, caller: Caller) -> Resealed:
    """Forget an old key, after what it still seals was sealed anew. For administrators.

    Not the newest, and not before that is 48 hours old.
    """
    caller.require_admin()
    return _counted(await caller.site.rotation.drop(id, caller.site.state.now()))
