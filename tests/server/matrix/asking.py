"""A good request for each operation, at a bucket that has something of everything."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from holdall.s3.signing import ALGORITHM, Credentials, Scope, signature, signing_key
from holdall.s3.times import to_amz, to_iso
from holdall.server.routes import Route
from holdall.server.state import now

from . import world
from .world import Place, md5


@dataclass
class Ask:
    """A request but for its signature."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Change = Callable[[Ask, Place, Credentials | None], None]
_numbers = itertools.count()


def asking(route: Route, name: str, place: Place, who: Credentials | None, key: str) -> Ask:
    """The request of the row `name`, which has `@version` where it names a version."""
    path = {"service": "/", "bucket": f"/{place.bucket}"}.get(route.level, f"/{place.bucket}/{key}")
    ask = Ask(route.method, path, "&".join(sorted(route.query)))
    change = CHANGES.get(route.name)
    if change is not None:
        change(ask, place, who)
    elif route.method == "PUT" and route.level == "bucket":
        ask.body = b"<Anything/>"
    if name.endswith("@version"):
        ask.query = f"{ask.query}&versionId={place.version}".lstrip("&")
    return ask


def _document(text: str) -> Change:
    def change(ask: Ask, place: Place, who: Credentials | None) -> None:
        ask.body = text.encode()

    return change


def _header(name: str, value: str) -> Change:
    """In the value, `BUCKET` stands for the name of the bucket."""

    def change(ask: Ask, place: Place, who: Credentials | None) -> None:
        ask.headers[name] = value.replace("BUCKET", place.bucket)

    return change


def _upload(*more: str) -> Change:
    def change(ask: Ask, place: Place, who: Credentials | None) -> None:
        ask.query = "&".join([f"uploadId={place.upload}", *more])
        ask.body = world.CONTENT if ask.method == "PUT" else b""

    return change


def _both(*changes: Change) -> Change:
    def change(ask: Ask, place: Place, who: Credentials | None) -> None:
        for each in changes:
            each(ask, place, who)

    return change


def _new_bucket(ask: Ask, place: Place, who: Credentials | None) -> None:
    ask.path = f"/new-{next(_numbers)}"


def _policy(ask: Ask, place: Place, who: Credentials | None) -> None:
    ask.body = world.policy(place.bucket, public=False, sid="two").encode()


def _complete(ask: Ask, place: Place, who: Credentials | None) -> None:
    part = f"<Part><PartNumber>1</PartNumber><ETag>{place.etag}</ETag></Part>"
    ask.query = f"uploadId={place.upload}"
    ask.body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()


def _delete(ask: Ask, place: Place, who: Credentials | None) -> None:
    key = "<Object><Key>kept</Key></Object>"
    ask.body = f"<Delete>{key}{key.replace('kept', 'missing')}</Delete>".encode()
    ask.headers["content-md5"] = md5(ask.body)


def _form(ask: Ask, place: Place, who: Credentials | None) -> None:
    """The form is signed, and so is the request that carries it; only the form counts."""
    fields = {"key": "posted", **(_proof(who) if who else {})}
    parts = [f'name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    parts.append('name="file"; filename="f"\r\n\r\ncontent')
    lines = "".join(f"--limit\r\nContent-Disposition: form-data; {part}\r\n" for part in parts)
    ask.body = f"{lines}--limit--\r\n".encode()
    ask.headers["content-type"] = "multipart/form-data; boundary=limit"


def _proof(who: Credentials) -> dict[str, str]:
    time = now()
    scope = Scope(to_amz(time)[:8], "us-east-1", "s3")
    document = {
        "expiration": to_iso(time + timedelta(minutes=5)),
        "conditions": [
            ["starts-with", f"${name}", ""]
            for name in ("key", "bucket", *_FORM, "x-amz-security-token")
        ],
    }
    policy = base64.b64encode(json.dumps(document).encode()).decode()
    values = (ALGORITHM, f"{who.access_key}/{scope}", to_amz(time))
    fields = {**dict(zip(_FORM, values, strict=True)), "policy": policy}
    if who.session_token is not None:
        fields["x-amz-security-token"] = who.session_token
    key = signing_key(who.secret_key, scope)
    return {**fields, "x-amz-signature": signature(key, policy.encode())}


_FORM: Final = ("x-amz-algorithm", "x-amz-credential", "x-amz-date")
_SOURCE: Final = _header("x-amz-copy-source", "/BUCKET/kept")
_VERSIONING: Final = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
_RULE: Final = (
    "<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>"
)

CHANGES: Final[dict[str, Change]] = {
    "AbortMultipartUpload": _upload(),
    "CompleteMultipartUpload": _complete,
    "CopyObject": _SOURCE,
    "CreateBucket": _new_bucket,
    "DeleteObjects": _delete,
    "GetObjectAttributes": _header("x-amz-object-attributes", "ETag"),
    "ListObjectsV2": lambda ask, place, who: setattr(ask, "query", "list-type=2"),
    "ListParts": _upload(),
    "PostObject": _form,
    "PutBucketAcl": _header("x-amz-acl", "authenticated-read"),
    "PutBucketCors": _document(world.CORS.replace("GET", "PUT")),
    "PutBucketEncryption": _document(world.ENCRYPTION),
    "PutBucketLifecycleConfiguration": _document(world.LIFECYCLE.format(2)),
    "PutBucketNotificationConfiguration": _document("<NotificationConfiguration/>"),
    "PutBucketOwnershipControls": _document(world.OWNERSHIP.format("BucketOwnerPreferred")),
    "PutBucketPolicy": _policy,
    "PutBucketTagging": _document(world.TAGGING.format("blue")),
    "PutBucketVersioning": _document(_VERSIONING),
    "PutObject": _document("what is put in its place"),
    "PutObjectAcl": _header("x-amz-acl", "authenticated-read"),
    "PutObjectLegalHold": _document(world.HOLD.format("ON")),
    "PutObjectLockConfiguration": _document(world.LOCK.format(_RULE)),
    "PutObjectRetention": _document(world.RETENTION.format(2098)),
    "PutObjectTagging": _document(world.TAGGING.format("blue")),
    "PutPublicAccessBlock": _document(world.BLOCK.format("true")),
    "RestoreObject": _document("<RestoreRequest><Days>1</Days></RestoreRequest>"),
    "SelectObjectContent": lambda ask, place, who: setattr(ask, "query", "select&select-type=2"),
    "UploadPart": _upload("partNumber=2"),
    "UploadPartCopy": _both(_upload("partNumber=2"), _document(""), _SOURCE),
}
