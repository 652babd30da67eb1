"""GetObjectLegalHold and PutObjectLegalHold."""

from __future__ import annotations

from holdall.engine.locking import HOLD
from holdall.engine.marks import get_marks, set_mark
from holdall.s3.errors import S3Error
from holdall.server import documents, finding, locks
from holdall.server.access.context import Value
from holdall.server.call import Call
from holdall.server.guard import could_be_allowed
from holdall.server.response import Response, empty, xml_response
from holdall.server.routes import Route


async def get_object_legal_hold(call: Call) -> Response:
    locks.require_locked(call.bucket)
    found = await finding.found(call)
    marks = await get_marks(call.engine, call.bucket.id, call.key, found.version)
    if HOLD not in marks:
        raise S3Error("NoSuchObjectLockConfiguration")
    return xml_response("LegalHold", [("Status", marks[HOLD])])


async def put_object_legal_hold(call: Call) -> Response:
    """The body is read before anything is demanded: policies may ask what it wants."""
    if not could_be_allowed(call.caller, call.bucket):
        raise S3Error("AccessDenied")
    locks.require_locked(call.bucket)
    status = locks.hold_from_xml(await documents.read(call))
    more: dict[str, Value] = {"s3:object-lock-legal-hold": status}
    await call.require(
        "s3:PutObjectLegalHold", key=call.key, version=call.version, writes=True, more=more
    )
    found = await finding.found(call)
    await set_mark(call.engine, call.bucket.id, call.key, HOLD, status, found.version)
    return empty()


GET = Route(
    name="GetObjectLegalHold",
    method="GET",
    level="object",
    query=frozenset({"legal-hold"}),
    action="s3:GetObjectLegalHold",
    handle=get_object_legal_hold,
)
PUT = Route(
    name="PutObjectLegalHold",
    method="PUT",
    level="object",
    query=frozenset({"legal-hold"}),
    writes=True,
    handle=put_object_legal_hold,
)
