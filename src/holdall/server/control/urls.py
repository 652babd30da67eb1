"""Signed URLs: an address that does one thing with one object, for whoever holds it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit

from fastapi import APIRouter
from pydantic import BaseModel, Field

from holdall.core.dispositions import attachment
from holdall.s3.signing import LONGEST, Credentials, presign
from holdall.server.control.asked import Asked
from holdall.server.control.caller import Caller, Calling
from holdall.server.control.names import BucketName, Key, Text

router = APIRouter(prefix="/urls", tags=["signed URLs"])


class Wanted(Asked):
    bucket: BucketName
    key: Key
    method: Literal["GET", "HEAD", "PUT", "DELETE"] = "GET"
    expires_in: Annotated[int, Field(ge=1, le=LONGEST, description="Seconds.")] = 3600
    version: Text | None = Field(None, description="A version id.")
    download_name: Text | None = Field(None, description="What a browser saves it as.")

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """What else the address says."""
        return query_of(self.version, self.download_name)


def query_of(version: str | None, download_name: str | None) -> tuple[tuple[str, str], ...]:
    saved_as = None if download_name is None else attachment(download_name)
    pairs = (("versionId", version), ("response-content-disposition", saved_as))
    return tuple((name, value) for name, value in pairs if value is not None)


class SignedUrl(BaseModel):
    """It may do what the key may that it was signed with, when it is used."""

    url: str
    method: str
    expires_at: datetime


@router.post("", status_code=201)
async def sign_url(wanted: Wanted, caller: Caller) -> SignedUrl:
    """Sign an address with the key that the request is signed with."""
    now = caller.site.state.now()
    return SignedUrl(
        url=_signed(wanted, caller, now),
        method=wanted.method,
        expires_at=now + timedelta(seconds=wanted.expires_in),
    )


def _signed(wanted: Wanted, caller: Calling, now: datetime) -> str:
    endpoint = caller.endpoint
    path = f"/{wanted.bucket}/{quote(wanted.key, safe='/-_.~')}"
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in wanted.query)
    key = caller.proved.key
    added = presign(
        Credentials(key.id, key.secret, caller.proved.token),
        wanted.method,
        path,
        query,
        {"host": urlsplit(endpoint).netloc},
        wanted.expires_in,
        caller.site.state.region,
        "s3",
        now,
    )
    pairs = [f"{name}={quote(value, safe='')}" for name, value in added.items()]
    return f"{endpoint}{path}?{'&'.join([query, *pairs] if query else pairs)}"
