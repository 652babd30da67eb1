"""Temporary credentials: what a program is handed that shall do one thing for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from holdall.server.access.policies import MAX_SESSION_BYTES
from holdall.server.control.asked import Asked
from holdall.server.control.caller import Caller
from holdall.server.control.keys import Buckets

router = APIRouter(prefix="/credentials", tags=["temporary credentials"])

LONGEST = 36 * 60 * 60


class Wanted(Asked):
    """They reach no further than the key that the request is signed with."""

    seconds: Annotated[int, Field(ge=60, le=LONGEST)] = 3600
    buckets: Buckets = None
    read_only: bool = False
    policy: Annotated[str | None, Field(max_length=MAX_SESSION_BYTES)] = Field(
        None, description="A session policy as STS takes it, which narrows them further."
    )


class Credentials(BaseModel):
    access_key: str
    secret_key: str
    session_token: str
    expires_at: datetime
    endpoint: str
    region: str


@router.post("", status_code=201)
async def make_credentials(wanted: Wanted, caller: Caller) -> Credentials:
    """Make temporary credentials. They end with their time, or with the key behind them."""
    session, token = caller.site.sessions.make(
        caller.proved.key,
        timedelta(seconds=wanted.seconds),
        buckets=None if wanted.buckets is None else tuple(wanted.buckets),
        read_only=wanted.read_only,
        policy=wanted.policy,
    )
    return Credentials(
        access_key=session.access_key,
        secret_key=session.secret_key,
        session_token=token,
        expires_at=session.expires,
        endpoint=caller.endpoint,
        region=caller.site.state.region,
    )
