"""GetBucketVersioning and PutBucketVersioning."""

from __future__ import annotations

from typing import Final

from holdall.core.errors import Conflict
from holdall.core.values import Versioning
from holdall.engine import buckets
from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.s3.xml import Element
from holdall.server import documents
from holdall.server.call import Call
from holdall.server.response import Response, empty, xml_response
from holdall.server.routes import Route

_ROOT: Final = "VersioningConfiguration"
_STATUS: Final = {"Enabled": Versioning.ENABLED, "Suspended": Versioning.SUSPENDED}
_NAMES: Final = {value: name for name, value in _STATUS.items()}


async def get_bucket_versioning(call: Call) -> Response:
    """A bucket whose versioning was never set has no status."""
    return xml_response(_ROOT, [("Status", _NAMES.get(call.bucket.versioning))])


async def put_bucket_versioning(call: Call) -> Response:
    wanted = _wanted(xml.parse(await documents.read(call), _ROOT))
    try:
        await buckets.set_versioning(call.engine, call.bucket.id, wanted)
    except Conflict as error:
        if not error.locked:
            raise
        raise _locked() from error
    return empty()


def _wanted(found: Element) -> Versioning:
    _refuse_mfa(found.get("MfaDelete"))
    status = found.get("Status")
    if status is None:
        raise S3Error(
            "IllegalVersioningConfigurationException", "The Versioning element must be specified"
        )
    if status.strip() not in _STATUS:
        raise S3Error("MalformedXML")
    return _STATUS[status.strip()]


def _refuse_mfa(text: str | None) -> None:
    """Nobody here has a device to prove itself with, which S3 demands of whoever turns MFA
    delete on."""
    if text is None or text.strip() == "Disabled":
        return
    if text.strip() != "Enabled":
        raise S3Error("MalformedXML")
    raise S3Error("AccessDenied", "Mfa Authentication must be used for this request")


def _locked() -> S3Error:
    return S3Error(
        "InvalidBucketState",
        "An Object Lock configuration is present on this bucket, so the versioning state cannot"
        " be changed.",
    )


GET = Route(
    name="GetBucketVersioning",
    method="GET",
    level="bucket",
    query=frozenset({"versioning"}),
    action="s3:GetBucketVersioning",
    handle=get_bucket_versioning,
)
PUT = Route(
    name="PutBucketVersioning",
    method="PUT",
    level="bucket",
    query=frozenset({"versioning"}),
    action="s3:PutBucketVersioning",
    writes=True,
    handle=put_bucket_versioning,
)
