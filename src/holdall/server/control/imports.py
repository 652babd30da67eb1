"""Buckets at other providers: their import, and what those get who may use them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator

from holdall.core.errors import NotSupported
from holdall.core.values import Versioning
from holdall.engine import buckets
from holdall.s3.federation import Wish
from holdall.s3.signing import LONGEST
from holdall.server.control import urls
from holdall.server.control.asked import Asked
from holdall.server.control.buckets import Bucket, Owner, engine_for_new, shown
from holdall.server.control.caller import Caller, Calling
from holdall.server.control.names import BucketInPath, BucketName, Key, Text
from holdall.server.control.problems import Refusal
from holdall.server.control.provider_credentials import (
    AzureCredentials,
    GoogleCredentials,
    S3Credentials,
    TheirBucket,
)
from holdall.server.imports import READS, S3, SETTING, WRITES, Import, Place, import_of
from holdall.server.providers.issuer import ProviderRefused, Unreachable, UrlWish

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


class _WantedImport(Asked):
    """`name` is what the bucket is called here; `provider_bucket_name` what it is there."""

    name: BucketName
    provider_bucket_name: TheirBucket | None = None
    owner: Owner = None

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        self.place()
        return self

    def place(self) -> Place:
        """`ValueError` for one that cannot be."""
        raise NotImplementedError

    def _theirs(self, given: str | None) -> str:
        names = {self.provider_bucket_name, given} - {None}
        if len(names) != 1:
            raise ValueError("say what the bucket is called there, once")
        return str(names.pop())


class S3Import(_WantedImport):
    """A bucket at whoever speaks S3."""

    provider: S3
    credentials: S3Credentials

    def place(self) -> Place:
        given = self.credentials
        if self.provider != "aws" and given.endpoint_url is None:
            raise ValueError("this provider needs `credentials.endpoint_url`")
        bucket = self._theirs(given.bucket_name)
        return Place(self.provider, bucket, given.region_name, given.endpoint_url)


class AzureImport(_WantedImport):
    """A container of an Azure storage account."""

    provider: Literal["azure"]
    credentials: AzureCredentials

    def place(self) -> Place:
        given = self.credentials
        return Place("azure", self._theirs(given.bucket_name), "", given.storage_endpoint)


class GoogleImport(_WantedImport):
    """A bucket of Google Cloud Storage."""

    provider: Literal["gcp"]
    credentials: GoogleCredentials

    def place(self) -> Place:
        given = self.credentials
        return Place("gcp", self._theirs(given.bucket_name), "", given.endpoint_url)


WantedImport = Annotated[S3Import | AzureImport | GoogleImport, Field(discriminator="provider")]


@router.post("/import", status_code=201)
async def import_bucket(wanted: WantedImport, caller: Caller) -> Bucket:
    """Make a record of a bucket at a provider. Its credentials are tried before they are kept.

    They are kept sealed and handed to nobody; the bucket is used by signed addresses and by
    temporary credentials. What it holds stays where it is.
    """
    engine = engine_for_new(caller, wanted.name, wanted.owner)
    try:
        found = await caller.site.providers.verify(wanted.place(), wanted.credentials.held)
    except ProviderRefused as error:
        raise _refused(error) from None
    except Unreachable:
        raise _unreachable(422) from None
    record = await buckets.create(
        engine, wanted.name, Versioning.OFF, exclusive=True, documents={SETTING: found.text}
    )
    return shown(record, found)


_MISSING: Final = frozenset({"NoSuchBucket", "ContainerNotFound", "notFound"})
"""What S3, Azure and Google say of a bucket that is not there."""


def _refused(error: ProviderRefused) -> Refusal:
    said = "" if error.code is None else f": {error.code}"
    what = "has no such bucket" if error.code in _MISSING else "refused these credentials"
    return Refusal(422, "ProviderRefused", f"The provider {what}{said}.")


def _unreachable(status: int) -> Refusal:
    return Refusal(
        status,
        "ProviderUnreachable",
        "The provider does not answer, or is at an address that this server does not connect to.",
    )


class WantedUrl(Asked):
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
    wish = UrlWish(
        wanted.method, wanted.key, wanted.expires_in, wanted.version, wanted.download_name
    )
    return urls.SignedUrl(
        url=await caller.site.providers.sign_url(imported, wish),
        method=wanted.method,
        expires_at=caller.site.state.now() + timedelta(seconds=wanted.expires_in),
    )


class WantedCredentials(Asked):
    """`access`: to read and list, or to write and delete, too."""

    seconds: Annotated[int, Field(ge=SHORTEST, le=LONGEST_LIFE)] = 3600
    access: Literal["read", "write"] = "read"


class S3BucketCredentials(BaseModel):
    """For this bucket only, at `endpoint_url` by the name `bucket_name`."""

    bucket_name: str
    region_name: str
    endpoint_url: str
    access_key_id: str
    secret_access_key: str
    session_token: str
    expiration: datetime


class AzureBucketCredentials(BaseModel):
    """A shared access signature for this container only."""

    bucket_name: str
    storage_endpoint: str
    sas_token: str
    expiry: datetime


class GoogleBucketCredentials(BaseModel):
    """An access token for this bucket only. `endpoint_url`: that of what stands in for Google."""

    bucket_name: str
    project: str
    access_token: str
    expire_time: datetime
    endpoint_url: str | None = None


BucketCredentials = S3BucketCredentials | AzureBucketCredentials | GoogleBucketCredentials
_GIVEN: Final[Mapping[str, type[BucketCredentials]]] = {
    "azure": AzureBucketCredentials,
    "gcp": GoogleBucketCredentials,
}


@router.post("/{bucket}/credentials", status_code=201, response_model_exclude_none=True)
async def make_credentials(
    bucket: BucketInPath, wanted: WantedCredentials, caller: Caller
) -> BucketCredentials:
    """Make temporary credentials for a bucket, whoever keeps it; their fields depend on that.

    How long those of Google are good Google decides: an hour at most. Where the provider makes
    none for one bucket alone, of what the bucket was imported with, it is 501.
    """
    found = await caller.bucket(bucket, "s3:ListBucket", elsewhere=True)
    writes = wanted.access == "write"
    for action in (*READS, *(WRITES if writes else ())):
        await caller.bucket(bucket, action, writes=writes, elsewhere=True)
    imported = import_of(found)
    if imported is None:
        return _own(bucket, wanted, caller)
    return await _theirs(imported, wanted, caller)


def _own(bucket: str, wanted: WantedCredentials, caller: Calling) -> S3BucketCredentials:
    session, token = caller.site.sessions.make(
        caller.proved.key,
        timedelta(seconds=wanted.seconds),
        buckets=(bucket,),
        read_only=wanted.access == "read",
    )
    return S3BucketCredentials(
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
    if caller.proved.key.caller.is_under_policies:
        raise NotSupported("A key with a policy gets signed addresses of imported buckets only.")
    site = caller.site
    wish = Wish(wanted.seconds, wanted.access == "write")
    try:
        fields = await site.providers.temporary_credentials(imported, wish, site.state.now())
    except ProviderRefused:
        raise NotSupported(
            "The provider refused to make credentials with those that it was imported with. Ask for"
            " signed addresses."
        ) from None
    except Unreachable:
        raise _unreachable(503) from None
    return _GIVEN.get(imported.place.provider, S3BucketCredentials).model_validate(fields)
