"""RestoreObject: everything can be read at once here, so that nothing has to be restored."""

from __future__ import annotations

from typing import Final

from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.s3.numbers import natural
from holdall.s3.xml import Element
from holdall.server import documents, finding
from holdall.server.call import Call
from holdall.server.objects import version_header
from holdall.server.response import Response, empty
from holdall.server.routes import Route

ARCHIVED: Final = ("GLACIER", "DEEP_ARCHIVE")
"""The storage classes from which S3 restores. Here they are names that objects keep."""


async def restore_object(call: Call) -> Response:
    """`InvalidObjectState` for objects that are in no archive; 200 for the others, as S3
    answers where a restored copy is there already."""
    _check(xml.parse(await documents.read(call), "RestoreRequest"))
    found = await finding.found(call)
    storage_class = found.attributes.get("storage-class", "STANDARD")
    if storage_class not in ARCHIVED:
        raise S3Error(
            "InvalidObjectState",
            "Restore is not allowed for the object's current storage class",
            StorageClass=storage_class,
        )
    return empty(200, version_header(found, call.bucket.versioning))


def _check(request: Element) -> None:
    if request.find("SelectParameters") is not None or request.get("Type") == "SELECT":
        raise S3Error("NotImplemented", "Restoring by a query")
    if not natural((request.get("Days") or "").strip()):
        raise S3Error("MalformedXML")


ROUTE = Route(
    name="RestoreObject",
    method="POST",
    level="object",
    query=frozenset({"restore"}),
    action="s3:RestoreObject",
    writes=True,
    handle=restore_object,
)
