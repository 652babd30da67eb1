"""Temporary credentials of other providers, as far as they can be confined to one bucket.

AWS: GetFederationToken, which a user's permanent keys may call, with a session policy. MinIO:
AssumeRole, which is the same there. Other providers have no such thing, or not with keys alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol
from urllib.parse import urlencode, urlsplit

from yarl import URL

from holdall.core.errors import NotSupported
from holdall.s3.errors import S3Error
from holdall.s3.signing import Credentials, sign_headers
from holdall.s3.times import from_iso
from holdall.s3.xml import Element, parse

LONGEST: Final = 64 * 1024
"""Bytes of an answer."""
_VERSION: Final = "2011-06-15"
_NAME: Final = "holdall"
_ON_BUCKET: Final = (
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:GetBucketLocation",
    "s3:GetBucketVersioning",
)
_ON_BUCKET_WRITING: Final = ("s3:ListBucketMultipartUploads",)
_ON_OBJECTS: Final = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectTagging",
    "s3:GetObjectVersionTagging",
)
_ON_OBJECTS_WRITING: Final = (
    "s3:PutObject",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
)
_FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"


class Place(Protocol):
    """A bucket at a provider: "aws", "minio", or "s3", of which nothing more is known. `endpoint`
    is that of its S3, None for the one of AWS in the region."""

    @property
    def provider(self) -> str: ...

    @property
    def bucket(self) -> str: ...

    @property
    def region(self) -> str: ...

    @property
    def endpoint(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """Credentials for so many seconds (900 to 43,200), for reading or for writing too."""

    seconds: int
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Granted:
    """Credentials, and when they end."""

    credentials: Credentials = field(repr=False)
    expiration: datetime


@dataclass(frozen=True, slots=True)
class StsRequest:
    """A signed request: POST this body."""

    url: URL
    body: bytes
    headers: Mapping[str, str] = field(repr=False)


def request(place: Place, credentials: Credentials, wish: Wish, now: datetime) -> StsRequest:
    """`NotSupported` where there is nothing that could be asked for."""
    if place.provider == "s3" or (place.provider == "aws" and credentials.session_token):
        raise NotSupported(
            "The provider makes no credentials for this bucket alone. Ask for signed addresses."
        )
    url = URL(_endpoint(place))
    body = urlencode(_form(place, wish)).encode()
    host = urlsplit(str(url)).netloc
    signed = {"host": host, "content-type": _FORM}
    digest = hashlib.sha256(body).hexdigest()
    added = sign_headers(credentials, "POST", "/", "", signed, digest, place.region, "sts", now)
    return StsRequest(url, body, signed | added)


def _endpoint(place: Place) -> str:
    """That of the token service; what stands in for a provider has it where its S3 is."""
    host = "" if place.endpoint is None else URL(place.endpoint).host or ""
    if place.endpoint is None or (place.provider == "aws" and host.endswith(".amazonaws.com")):
        return f"https://sts.{place.region}.amazonaws.com/"
    return place.endpoint.rstrip("/") + "/"


def _form(place: Place, wish: Wish) -> dict[str, str]:
    form = {
        "Version": _VERSION,
        "Policy": json.dumps(policy(place.bucket, wish.writes), separators=(",", ":")),
        "DurationSeconds": str(wish.seconds),
    }
    if place.provider == "aws":
        return {"Action": "GetFederationToken", "Name": _NAME, **form}
    role = {"RoleArn": "arn:aws:iam::000000000000:role/holdall", "RoleSessionName": _NAME}
    return {"Action": "AssumeRole", **role, **form}  # MinIO wants a role and looks at none


def policy(bucket: str, writes: bool) -> dict[str, Any]:
    """What such credentials may do: what `S3Backend` asks of blobs, their versions and tags, and
    to write, of uploads in parts. Nothing of it changes the bucket itself."""
    on_bucket = [*_ON_BUCKET, *(_ON_BUCKET_WRITING if writes else ())]
    on_objects = [*_ON_OBJECTS, *(_ON_OBJECTS_WRITING if writes else ())]
    arn = f"arn:aws:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": on_bucket, "Resource": [arn]},
            {"Effect": "Allow", "Action": on_objects, "Resource": [f"{arn}/*"]},
        ],
    }


def granted(body: bytes) -> Granted | None:
    """What an answer holds; None where that is no credentials."""
    for root in ("GetFederationTokenResponse", "AssumeRoleResponse"):
        try:
            answer = parse(body, root)
            return _granted(answer.children[0])
        except (S3Error, IndexError, ValueError):
            continue
    return None


def _granted(result: Element) -> Granted | None:
    found = result.find("Credentials")
    expiration = None if found is None else from_iso(found.need("Expiration"))
    if found is None or expiration is None:
        return None
    key, secret = found.need("AccessKeyId"), found.need("SecretAccessKey")
    return Granted(Credentials(key, secret, found.need("SessionToken")), expiration)
