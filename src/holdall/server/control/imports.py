"""Buckets at other providers: their import, and what those get who may use them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field, SecretStr, StringConstraints, model_validator

from holdall.core.errors import NotSupported
from holdall.core.values import Versioning
from holdall.engine import buckets
from holdall.s3.federation import Wish
from holdall.s3.signing import LONGEST
from holdall.s3.signing import Credentials as Signing
from holdall.server.control import urls
from holdall.server.control.buckets import Bucket, Owner, engine_for_new, shown
from holdall.server.control.caller import Caller, Calling
from holdall.server.control.names import BucketInPath, BucketName, Key, Text
from holdall.server.control.problems import Refusal
from holdall.server.imports import SETTING, Import, Place, Provider, import_of
from holdall.server.providers import AWS, ProviderRefused, Unreachable

router = APIRouter(prefix="/buckets", tags=["imported buckets"])

SHORTEST = 900
LONGEST_LIFE = 12 * 60 * 60
"""Seconds that credentials of a provider live."""
Method = Literal["GET", "HEAD", "PUT", "DELETE"]

_ON_URLS = {
    "GET": "s3:GetObject",
    "HEAD": "s3:GetObject",
    "PUT": "s3:PutObject",
    "DELETE": "s3:DeleteObject",
}
_ACTIONS = {
    "read": ("s3:GetObject",),
    "write": ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
}


_HOST: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?|[0-9a-f:.]+")


def _checked_url(text: str) -> str:
    """`ValueError`, which ports out of range and IPv6 addresses that are none raise by
    themselves."""
    found = urlsplit(text)
    host, _port = found.hostname or "", found.port
    if found.scheme not in ("http", "https") or "@" in found.netloc or not _HOST.fullmatch(host):
        raise ValueError("it is no address such as https://s3.example.com")
    if found.path not in ("", "/") or found.query or found.fragment:
        raise ValueError("it must end after the host and the port")
    return text.rstrip("/")


def _checked_secret(secret: SecretStr) -> SecretStr:
    """`ValueError` for what goes into no header."""
    text = secret.get_secret_value()
    if not text or not text.isascii() or not text.isprintable():
        raise ValueError("it has printable ASCII characters")
    return secret


TheirBucket = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$")
]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Url = Annotated[
    str, StringConstraints(pattern=r"^[!-~]+$", max_length=2048), AfterValidator(_checked_url)
]
Secret = Annotated[SecretStr, Field(max_length=8192), AfterValidator(_checked_secret)]
Id = Annotated[str, StringConstraints(pattern=r"^[!-~]{3,128}$")]


class GivenCredentials(BaseModel):
    """Keys of the provider. `endpoint_url` is needed but for AWS itself."""

    bucket_name: TheirBucket | None = None
    region_name: Region = "us-east-1"
    endpoint_url: Url | None = None
    access_key_id: Id
    secret_access_key: Secret
    session_token: Secret | None = None

    @property
    def signing(self) -> Signing:
        token = None if self.session_token is None else self.session_token.get_secret_value()
        return Signing(self.access_key_id, self.secret_access_key.get_secret_value(), token)


class WantedImport(BaseModel):
    """`name` is what the bucket is called here; `provider_bucket_name` what it is there."""

    provider: Provider
    name: BucketName
    provider_bucket_name: TheirBucket | None = None
    owner: Owner = None
    credentials: GivenCredentials

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = {self.provider_bucket_name, self.credentials.bucket_name} - {None}
        if len(names) != 1:
            raise ValueError("say what the bucket is called there, once")
        if self.provider != "aws" and self.credentials.endpoint_url is None:
            raise ValueError("this provider needs `credentials.endpoint_url`")
        return self

    @property
    def place(self) -> Place:
        given = self.credentials
        bucket = self.provider_bucket_name or given.bucket_name
        assert bucket is not None, "it was checked"
        return Place(self.provider, bucket, given.region_name, given.endpoint_url)


@router.post("/import", status_code=201)
async def import_bucket(wanted: WantedImport, caller: Caller) -> Bucket:
    """Make a record of a bucket at a provider. Its credentials are tried before they are kept.

    They are kept sealed and handed to nobody; the bucket is used by signed addresses and by
    temporary credentials. What it holds stays where it is.
    """
    engine = engine_for_new(caller, wanted.name, wanted.owner)
    try:
        found = await caller.site.providers.verify(wanted.place, wanted.credentials.signing)
    except ProviderRefused as error:
        raise _refused(error) from None
    except Unreachable:
        raise _unreachable(422) from None
    record = await buckets.create(
        engine, wanted.name, Versioning.OFF, exclusive=True, documents={SETTING: found.text}
    )
    return shown(record, found)


def _refused(error: ProviderRefused) -> Refusal:
    said = "" if error.code is None else f": {error.code}"
    return Refusal(422, "ProviderRefused", f"The provider refused these credentials{said}.")


def _unreachable(status: int) -> Refusal:
    return Refusal(
        status,
        "ProviderUnreachable",
        "The provider does not answer, or is at an address that this server does not connect to.",
    )


class WantedUrl(BaseModel):
    key: Key
    method: Method = "GET"
    expires_in: Annotated[int, Field(ge=1, le=LONGEST, description="Seconds.")] = 3600
    version: Text | None = Field(None, description="A version id.")
    download_name: Text | None = Field(None, description="What a browser saves it as.")


@router.post("/{bucket}/sign-url", status_code=201)
async def sign_url(bucket: BucketInPath, wanted: WantedUrl, caller: Caller) -> urls.SignedUrl:
    """Sign an address of an object, whoever keeps it.

    For an imported bucket it is the provider's and good for all of its time, whatever becomes of
    the caller's rights here.
    """
    action = _ON_URLS[wanted.method]
    writes = action != "s3:GetObject"
    found = await caller.bucket(bucket, action, key=wanted.key, writes=writes, elsewhere=True)
    imported = import_of(found)
    if imported is None:
        return await urls.sign_url(urls.Wanted(bucket=bucket, **wanted.model_dump()), caller)
    return urls.SignedUrl(
        url=caller.site.providers.sign_url(
            imported,
            wanted.method,
            wanted.key,
            urls.query_of(wanted.version, wanted.download_name),
            wanted.expires_in,
        ),
        method=wanted.method,
        expires_at=caller.site.state.now() + timedelta(seconds=wanted.expires_in),
    )


class WantedCredentials(BaseModel):
    """`access`: to read and list, or to write and delete, too."""

    seconds: Annotated[int, Field(ge=SHORTEST, le=LONGEST_LIFE)] = 3600
    access: Literal["read", "write"] = "read"


class BucketCredentials(BaseModel):
    """For this bucket only, at `endpoint_url` by the name `bucket_name`."""

    bucket_name: str
    region_name: str
    endpoint_url: str
    access_key_id: str
    secret_access_key: str
    session_token: str
    expiration: datetime


@router.post("/{bucket}/credentials", status_code=201)
async def make_credentials(
    bucket: BucketInPath, wanted: WantedCredentials, caller: Caller
) -> BucketCredentials:
    """Make temporary credentials for a bucket, whoever keeps it.

    Where the provider makes none for one bucket alone it is 501; signed addresses work.
    """
    found = await caller.bucket(bucket, "s3:ListBucket", elsewhere=True)
    for action in (
        "s3:GetObject",
        *(("s3:PutObject", "s3:DeleteObject") if wanted.access == "write" else ()),
    ):
        await caller.bucket(bucket, action, writes=wanted.access == "write", elsewhere=True)
    imported = import_of(found)
    if imported is None:
        return _own(bucket, wanted, caller)
    return await _theirs(imported, wanted, caller)


def _own(bucket: str, wanted: WantedCredentials, caller: Calling) -> BucketCredentials:
    session, token = caller.site.sessions.make(
        caller.proved.key,
        timedelta(seconds=wanted.seconds),
        buckets=(bucket,),
        read_only=wanted.access == "read",
    )
    return BucketCredentials(
        bucket_name=bucket,
        region_name=caller.site.state.region,
        endpoint_url=caller.endpoint,
        access_key_id=session.access_key,
        secret_access_key=session.secret_key,
        session_token=token,
        expiration=session.expires,
    )


async def _theirs(
    imported: Import, wanted: WantedCredentials, caller: Calling
) -> BucketCredentials:
    """What a session policy narrows here could not be told there."""
    scope = caller.proved.key.caller.key
    if scope is not None and scope.policies:
        raise NotSupported("A key with a policy gets signed addresses of imported buckets only.")
    site, place = caller.site, imported.place
    wish = Wish(wanted.seconds, wanted.access == "write")
    try:
        granted = await site.providers.temporary_credentials(imported, wish, site.state.now())
    except ProviderRefused:
        raise NotSupported(
            "The provider refused to make credentials with those that it was imported with. Ask for"
            " signed addresses."
        ) from None
    except Unreachable:
        raise _unreachable(503) from None
    made = granted.credentials
    return BucketCredentials(
        bucket_name=place.bucket,
        region_name=place.region,
        endpoint_url=place.endpoint or AWS.format(place.region),
        access_key_id=made.access_key,
        secret_access_key=made.secret_key,
        session_token=str(made.session_token),
        expiration=granted.expiration,
    )
