"""The tags of an object, which are asked for only where its answer says that there are any."""

from __future__ import annotations

from collections.abc import Mapping

from holdall.core.errors import PermissionDenied
from holdall.s3.client import Head, S3Client

_COUNT = "x-amz-tagging-count"


async def every(
    client: S3Client, place: tuple[str, str], head: Head, version: str | None
) -> Mapping[str, str]:
    """`PermissionDenied` for those who may not see them."""
    if head.headers.get(_COUNT, "0") == "0":
        return {}
    return await client.get_tags(*place, version=version)


async def known(
    client: S3Client, place: tuple[str, str], head: Head, version: str | None
) -> Mapping[str, str]:
    """The same, and none for those who may not see them: who may read the content is not kept
    from it by that."""
    try:
        return await every(client, place, head, version)
    except PermissionDenied:
        return {}
