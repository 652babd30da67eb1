"""GetObjectRetention and PutObjectRetention."""

from __future__ import annotations

from functools import partial

from holdall.engine.locking import RETENTION
from holdall.engine.marks import get_marks, set_mark
from holdall.s3.errors import S3Error
from holdall.server import documents, finding, locks
from holdall.server.call import Call
from holdall.server.guard import could_be_allowed
from holdall.server.response import Response, empty
from holdall.server.routes import Route


async def get_object_retention(call: Call) -> Response:
    locks.require_locked(call.bucket)
    found = await finding.found(call)
    marks = await get_marks(call.engine, call.bucket.id, call.key, found.version)
    retention = locks.retention_of(marks)
    if retention is None:
        raise S3Error("NoSuchObjectLockConfiguration")
    return documents.xml_answer(retention.to_xml().decode())


async def put_object_retention(call: Call) -> Response:
    """The body is read before anything is demanded: policies may ask how long it keeps."""
    if not could_be_allowed(call.caller, call.bucket):
        raise S3Error("AccessDenied")
    locks.require_locked(call.bucket)
    now = call.state.now()
    wanted = locks.retention_from_xml(await documents.read(call), now)
    more = {} if wanted is None else wanted.condition_keys(now)
    await call.require(
        "s3:PutObjectRetention", key=call.key, version=call.version, writes=True, more=more
    )
    found = await finding.found(call)
    bypass = await locks.may_bypass(call, call.key)
    await set_mark(
        call.engine,
        call.bucket.id,
        call.key,
        RETENTION,
        None if wanted is None else wanted.to_mark(),
        found.version,
        partial(locks.admit_change, new=wanted, now=now, bypass=bypass),
    )
    return empty()


GET = Route(
    name="GetObjectRetention",
    method="GET",
    level="object",
    query=frozenset({"retention"}),
    action="s3:GetObjectRetention",
    handle=get_object_retention,
)
PUT = Route(
    name="PutObjectRetention",
    method="PUT",
    level="object",
    query=frozenset({"retention"}),
    writes=True,
    handle=put_object_retention,
)
