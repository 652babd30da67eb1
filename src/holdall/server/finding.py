"""The revision that a request names, or the right way to say that there is none."""

from __future__ import annotations

from holdall.core.errors import BlobNotFound, RevisionNotFound
from holdall.core.values import Revision
from holdall.engine.head import head
from holdall.s3.errors import S3Error
from holdall.s3.times import to_http
from holdall.server.call import Call
from holdall.server.objects import version_of


async def found(call: Call) -> Revision:
    """S3 answers delete markers in three ways, none of them 200 (S3 GetObject).

    `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed` for a marker that is named by its version,
    `AccessDenied` for those who may not know what the bucket holds.
    """
    version = call.version
    try:
        revision = await head(call.engine, call.bucket.id, call.key, version)
    except (BlobNotFound, RevisionNotFound):
        raise await _absent(call, version) from None
    if revision.is_marker:
        allow = (("allow", "DELETE"), ("last-modified", to_http(revision.created_at)))
        raise S3Error(
            "MethodNotAllowed",
            headers=(*_of_marker(revision), *allow),
            Method=call.request.method,
            ResourceType="DeleteMarker",
        )
    return revision


async def _absent(call: Call, version: str | None) -> S3Error:
    if not await call.may("s3:ListBucket", acl="READ"):
        return S3Error("AccessDenied")
    if version is not None:
        return S3Error("NoSuchVersion", Key=call.key, VersionId=version)
    newest = await call.store.revisions(call.bucket.id, call.key, limit=1)
    return S3Error("NoSuchKey", headers=_of_marker(newest[0]) if newest else (), Key=call.key)


def _of_marker(revision: Revision) -> tuple[tuple[str, str], ...]:
    return (("x-amz-delete-marker", "true"), ("x-amz-version-id", version_of(revision)))
