"""DeleteObject: a delete marker, or one version for good."""

from __future__ import annotations

from holdall.core.errors import NotFound
from holdall.core.values import Precondition
from holdall.engine.delete import mark_deleted, remove_version
from holdall.server import conditions, locks
from holdall.server.call import Call
from holdall.server.objects import version_of
from holdall.server.response import Headers, Response, empty
from holdall.server.routes import Route


async def delete_object(call: Call) -> Response:
    condition = conditions.delete_precondition(call.request.headers)
    await conditions.require_sight(call)
    if call.version is not None:
        return await _remove(call, call.version, condition)
    marker = await mark_deleted(call.engine, call.bucket.id, call.key, condition)
    return empty(204, _about_marker(version_of(marker)) if marker else None)


async def _remove(call: Call, version: str, condition: Precondition) -> Response:
    """A version that is not there counts as deleted (S3 DeleteObject)."""
    bypass = await locks.may_bypass(call, call.key)
    try:
        gone = await remove_version(
            call.engine, call.bucket.id, call.key, version, condition, bypass=bypass
        )
    except NotFound:
        return empty(204, [("x-amz-version-id", version)])
    return empty(204, _about_marker(version) if gone.is_marker else _about(version))


def _about_marker(version: str) -> Headers:
    return [("x-amz-delete-marker", "true"), *_about(version)]


def _about(version: str) -> Headers:
    return [("x-amz-version-id", version)]


ROUTE = Route(
    name="DeleteObject",
    method="DELETE",
    level="object",
    action="s3:DeleteObject",
    versioned_action="s3:DeleteObjectVersion",
    acl="WRITE",
    writes=True,
    handle=delete_object,
)
