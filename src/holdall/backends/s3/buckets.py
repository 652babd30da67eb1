"""Buckets at a provider: their names, what is set of them, and emptying one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import aclosing, suppress
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeVar

from holdall.backends.s3 import public
from holdall.core.errors import (
    BucketExists,
    BucketNotEmpty,
    BucketNotFound,
    Conflict,
    HoldallError,
    InvalidArgument,
    InvalidBucketName,
    NotSupported,
    PermissionDenied,
    UploadNotFound,
)
from holdall.core.names import check_bucket_name, parse_bucket_ref
from holdall.core.values import BucketRecord, Capabilities, Versioning
from holdall.s3.client import Listed, S3Client
from holdall.s3.client.values import EPOCH

AT_ONCE: Final = 16
"""Buckets of a listing whose settings are asked for side by side."""

_STATUS: Final = MappingProxyType(
    {Versioning.ENABLED: "Enabled", Versioning.SUSPENDED: "Suspended"}
)
_VERSIONING: Final = {status: versioning for versioning, status in _STATUS.items()}

Value = TypeVar("Value")


def named(bucket: str, owner: str) -> str:
    """The name in a reference: `name` or `owner/name`. `BucketNotFound`."""
    ref = parse_bucket_ref(bucket)
    if ref.name is None or ref.owner not in (None, owner) or not _can_be(ref.name):
        raise BucketNotFound(f"There is no bucket {bucket!r}.", bucket=bucket)
    return ref.name


def _can_be(name: str) -> bool:
    """A bucket that cannot exist is not there; S3 has none of fewer than three letters."""
    try:
        check_bucket_name(name)
    except InvalidBucketName:
        return False
    return len(name) >= 3


async def create(client: S3Client, name: str, versioning: Versioning) -> None:
    check_bucket_name(name)
    with suppress(BucketNotFound):  # S3 forgives a second creation in its first region
        await client.head_bucket(name)
        raise BucketExists(f"There is a bucket {name!r}.", bucket=name)
    await client.create_bucket(name)
    if versioning is Versioning.OFF:
        return
    try:
        await set_versioning(client, name, versioning)
    except BaseException:
        with suppress(HoldallError):
            await client.delete_bucket(name)
        raise


async def set_versioning(client: S3Client, name: str, versioning: Versioning) -> None:
    if versioning is not Versioning.OFF:
        await client.set_versioning(name, _STATUS[versioning])
    elif await client.get_versioning(name) is not None:
        raise Conflict("Versioning can be suspended, and never be turned off.", bucket=name)


async def get(client: S3Client, owner: str, name: str, capabilities: Capabilities) -> BucketRecord:
    return await _record(client, owner, name, await _created_at(client, name), capabilities)


async def _created_at(client: S3Client, name: str) -> datetime:
    async with aclosing(client.list_buckets()) as held:
        async for each in held:
            if each.name == name:
                return each.created_at
    await client.head_bucket(name)  # another's, which the caller may use
    return EPOCH


async def every(client: S3Client, owner: str, capabilities: Capabilities) -> Sequence[BucketRecord]:
    """By name; a bucket that goes meanwhile is left out."""
    held, room = [each async for each in client.list_buckets()], asyncio.Semaphore(AT_ONCE)

    async def record(name: str, created_at: datetime) -> BucketRecord | None:
        async with room:
            with suppress(BucketNotFound):
                return await _record(client, owner, name, created_at, capabilities)
        return None

    found = await asyncio.gather(*(record(each.name, each.created_at) for each in held))
    return sorted((each for each in found if each), key=lambda each: each.id)


async def _record(
    client: S3Client, owner: str, name: str, created_at: datetime, capabilities: Capabilities
) -> BucketRecord:
    versioning, is_public = await asyncio.gather(
        _versioning(client, name, asked=capabilities.versions),
        _is_public(client, name, asked=capabilities.public_access),
    )
    return BucketRecord(name, owner, name, created_at, versioning, is_public)


async def _versioning(client: S3Client, name: str, *, asked: bool) -> Versioning:
    status = await _allowed(client.get_versioning(name)) if asked else None
    return Versioning.OFF if status is None else _VERSIONING[status]


async def _is_public(client: S3Client, name: str, *, asked: bool) -> bool:
    return bool(await _allowed(public.is_public(client, name))) if asked else False


async def _allowed(asking: Awaitable[Value]) -> Value | None:
    """What the caller may not know of a bucket counts as off, and so does what the endpoint
    knows nothing of, or only that of another region (Amazon refers to it, or refuses the
    signature)."""
    try:
        return await asking
    except (PermissionDenied, InvalidArgument, NotSupported):
        return None


async def demand_empty(client: S3Client, name: str) -> None:
    """`BucketNotEmpty` where there are versions: not every server keeps a bucket for them."""
    if (await client.list_versions(name, limit=1)).entries:
        raise BucketNotEmpty(f"The bucket {name!r} holds blobs or old revisions.", bucket=name)


async def empty(client: S3Client, name: str, capabilities: Capabilities) -> None:
    """Remove everything in it, in several steps."""
    uploads = [each async for each in client.each_upload(name)]
    for upload in uploads:
        with suppress(UploadNotFound):  # it was over already
            await client.abort_upload(name, upload.key, upload.id)
    if not capabilities.versions or await client.get_versioning(name) is None:
        # Not every server names odd keys well among the versions.
        await _delete(client, name, [(each.key, None) async for each in client.each(name)])
        return
    before: Sequence[Listed] = ()
    while found := (await client.list_versions(name)).entries:
        if found == before:  # what cannot be removed keeps the bucket, if the server says so
            return
        await _delete(client, name, [(entry.key, entry.version) for entry in found])
        before = found


async def _delete(client: S3Client, name: str, named: Sequence[tuple[str, str | None]]) -> None:
    for error in (await client.delete_many(name, named)).values():
        raise error
