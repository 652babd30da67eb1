"""GetObjectTagging, PutObjectTagging and DeleteObjectTagging."""

from __future__ import annotations

from collections.abc import Mapping

from holdall.core.errors import NotFound
from holdall.core.values import Revision
from holdall.s3.errors import S3Error
from holdall.server import documents, finding, tag_sets
from holdall.server.access.context import Value
from holdall.server.call import Call
from holdall.server.guard import could_be_allowed
from holdall.server.objects import MAX_TAGS, version_header
from holdall.server.response import Response, empty
from holdall.server.routes import Route


async def get_object_tagging(call: Call) -> Response:
    found = await _found(call)
    return documents.xml_answer(
        tag_sets.to_xml(found.tags).decode(), version_header(found, call.bucket.versioning)
    )


async def _found(call: Call) -> Revision:
    """Of a key that was deleted S3 says here what it says of the delete marker itself."""
    try:
        return await finding.found(call)
    except S3Error as error:
        if error.code != "NoSuchKey" or not error.headers:
            raise
        facts = {"Method": call.request.method, "ResourceType": "DeleteMarker"}
        raise S3Error("MethodNotAllowed", headers=error.headers, **facts) from None


async def put_object_tagging(call: Call) -> Response:
    """The body is read before anything is demanded: policies may ask what tags it holds."""
    if not could_be_allowed(call.caller, call.bucket):
        raise S3Error("AccessDenied")
    tags = tag_sets.from_xml(await documents.read(call), MAX_TAGS)
    await _require(call, tag_sets.condition_keys(tags))
    found = await _set(call, tags)
    return empty(200, version_header(found, call.bucket.versioning))


async def _require(call: Call, more: Mapping[str, Value]) -> None:
    version = call.version
    action = "s3:PutObjectTagging" if version is None else "s3:PutObjectVersionTagging"
    await call.require(action, key=call.key, version=version, writes=True, more=more)


async def delete_object_tagging(call: Call) -> Response:
    found = await _set(call, {})
    return empty(204, version_header(found, call.bucket.versioning))


async def _set(call: Call, tags: Mapping[str, str]) -> Revision:
    found = await _found(call)
    try:
        await call.store.set_tags(call.bucket.id, call.key, tags, revision=found.version)
    except NotFound:
        await _found(call)  # says what became of it
        raise
    return found


GET = Route(
    name="GetObjectTagging",
    method="GET",
    level="object",
    query=frozenset({"tagging"}),
    action="s3:GetObjectTagging",
    versioned_action="s3:GetObjectVersionTagging",
    handle=get_object_tagging,
)
PUT = Route(
    name="PutObjectTagging",
    method="PUT",
    level="object",
    query=frozenset({"tagging"}),
    writes=True,
    handle=put_object_tagging,
)
DELETE = Route(
    name="DeleteObjectTagging",
    method="DELETE",
    level="object",
    query=frozenset({"tagging"}),
    action="s3:DeleteObjectTagging",
    versioned_action="s3:DeleteObjectVersionTagging",
    writes=True,
    handle=delete_object_tagging,
)
