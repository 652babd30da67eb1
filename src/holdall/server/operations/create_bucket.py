"""CreateBucket."""

from __future__ import annotations

import ipaddress
import re

from holdall.core.errors import BucketExists
from holdall.core.values import Versioning
from holdall.engine import buckets, settings
from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.s3.xml import Element
from holdall.server import tag_sets
from holdall.server.bucket_documents import new_documents
from holdall.server.call import MAX_XML, Call
from holdall.server.operations import bucket_tagging
from holdall.server.response import Response, empty
from holdall.server.routes import Route

LEGACY = "us-east-1"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]")
_RESERVED = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
OURS = frozenset({"api", "healthz", "metrics", "console"})
"""Names that are paths of the server itself."""


async def create_bucket(call: Call) -> Response:
    name = str(call.request.target.bucket)
    check_name(name)
    configuration = _configuration(await call.body.read(MAX_XML))
    _check_location(configuration, call.state.region)
    locked = _flag(call, "x-amz-bucket-object-lock-enabled")
    documents = {**new_documents(call), **_tags(configuration)}
    try:
        await buckets.create(
            call.engine,
            name,
            Versioning.ENABLED if locked else Versioning.OFF,
            exclusive=True,
            locked=locked,
            documents=documents,
        )
    except BucketExists as error:
        if error.owner != call.caller.user:
            raise S3Error("BucketAlreadyExists") from error
        if call.state.region != LEGACY:
            raise S3Error("BucketAlreadyOwnedByYou") from error
        await _reset_acl(call, name, documents.get("acl"))
    return empty(headers=[("location", f"/{name}")])


async def _reset_acl(call: Call, name: str, acl: str | None) -> None:
    """In one region S3 takes the making of one's own bucket again for a wish to have its
    access list as it would be new; everything else stays (S3 CreateBucket)."""
    if acl is None:
        await settings.delete(call.engine, name, "acl")
    else:
        await settings.put(call.engine, name, "acl", acl)


def check_name(name: str) -> None:
    """S3's rule for general purpose buckets. `InvalidBucketName`."""
    if (
        not _NAME.fullmatch(name)
        or ".." in name
        or name.startswith(_RESERVED)
        or name.endswith(_RESERVED_ENDS)
        or name in OURS
        or _is_address(name)
    ):
        raise S3Error("InvalidBucketName", BucketName=name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def _configuration(body: bytes) -> Element:
    root = "CreateBucketConfiguration"
    return xml.parse(body, root) if body else Element(root)


def _check_location(configuration: Element, region: str) -> None:
    wanted = configuration.get("LocationConstraint")
    if wanted and wanted != region:
        raise S3Error("InvalidLocationConstraint", LocationConstraint=wanted)


def _tags(configuration: Element) -> dict[str, str]:
    """The document of the tags that the bucket begins with."""
    listed = configuration.find("Tags")
    tags = {} if listed is None else tag_sets.listed_in(listed, bucket_tagging.MOST)
    return {bucket_tagging.SETTING: tag_sets.to_xml(tags).decode()} if tags else {}


def _flag(call: Call, name: str) -> bool:
    text = (call.header(name) or "false").lower()
    if text not in ("true", "false"):
        raise S3Error("InvalidArgument", f"{name} is true or false", ArgumentName=name)
    return text == "true"


ROUTE = Route(
    name="CreateBucket",
    method="PUT",
    level="bucket",
    action="s3:CreateBucket",
    writes=True,
    makes_bucket=True,
    handle=create_bucket,
)
