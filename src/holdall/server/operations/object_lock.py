"""GetObjectLockConfiguration and PutObjectLockConfiguration."""

from __future__ import annotations

from holdall.core.errors import Conflict
from holdall.core.values import Versioning
from holdall.engine import buckets
from holdall.s3.errors import S3Error
from holdall.server import documents, locks
from holdall.server.call import Call
from holdall.server.response import Response, empty
from holdall.server.routes import Route


async def get_object_lock_configuration(call: Call) -> Response:
    if not call.bucket.locked:
        raise S3Error("ObjectLockConfigurationNotFoundError", BucketName=call.bucket.name)
    setting = call.bucket.settings.get(locks.SETTING)
    return documents.xml_answer(locks.configuration_to_xml(setting).decode())


async def put_object_lock_configuration(call: Call) -> Response:
    """Turns object lock on, for ever, in a bucket that keeps versions; replaces the rule."""
    default = locks.default_from_xml(await documents.read(call))
    if call.bucket.versioning is not Versioning.ENABLED:
        raise _unversioned()
    if not call.bucket.locked:
        await _lock(call)
    if default is None:
        await documents.drop(call, locks.SETTING)
    else:
        await documents.keep(call, locks.SETTING, default.to_setting())
    return empty()


async def _lock(call: Call) -> None:
    try:
        await buckets.lock(call.engine, call.bucket.id)
    except Conflict as error:
        raise _unversioned() from error


def _unversioned() -> S3Error:
    return S3Error(
        "InvalidBucketState",
        "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
    )


GET = Route(
    name="GetObjectLockConfiguration",
    method="GET",
    level="bucket",
    query=frozenset({"object-lock"}),
    action="s3:GetBucketObjectLockConfiguration",
    handle=get_object_lock_configuration,
)
PUT = Route(
    name="PutObjectLockConfiguration",
    method="PUT",
    level="bucket",
    query=frozenset({"object-lock"}),
    action="s3:PutBucketObjectLockConfiguration",
    writes=True,
    handle=put_object_lock_configuration,
)
