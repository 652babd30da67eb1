"""Copies at the provider: at once up to 5 GiB, in parts beyond."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from holdall.backends.s3 import conditions, said
from holdall.core.errors import HoldallError
from holdall.core.values import CopyOptions, Revision
from holdall.s3.client import Head, S3Client, SentPart, Stored
from holdall.s3.client.parts import MOST_PARTS
from holdall.s3.client.values import quoted

LARGEST: Final = 5 * 1024**3
"""Bytes that are copied in one request (S3 CopyObject)."""

STEP: Final = 1024**3
"""Bytes of a part of a larger copy, unless S3's 10,000 parts would be too few."""

AT_ONCE: Final = 4

_KEPT: Final = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
)
"""What else S3 keeps of an object, and forgets where it is told to replace the metadata."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The content that is copied, and nothing newer under its name."""

    bucket: str
    key: str
    head: Head
    revision: Revision

    @property
    def place(self) -> tuple[str, str]:
        return self.bucket, self.key

    @property
    def pin(self) -> dict[str, str]:
        return {"x-amz-copy-source-if-match": quoted(self.head.etag)}


async def copy(
    client: S3Client, source: Origin, to_bucket: str, to_key: str, options: CopyOptions
) -> Stored:
    """Bytes and all that is said of them but for what the options say."""
    if source.head.size > LARGEST:
        return await _in_parts(client, source, to_bucket, to_key, options)
    headers = {
        **_directives(source, (to_bucket, to_key), options),
        **source.pin,
        **conditions.headers(options.precondition),
    }
    return await client.copy(
        *source.place, to_bucket, to_key, version=source.head.version, headers=headers
    )


def _directives(source: Origin, target: tuple[str, str], options: CopyOptions) -> Mapping[str, str]:
    """S3 replaces metadata and type together, so what is to stay is said again. It does so
    for a copy onto itself too, which it refuses when nothing changes."""
    headers = dict[str, str]()
    changes = (options.content_type, options.metadata) != (None, None)
    if changes or source.place == target:
        headers |= {"x-amz-metadata-directive": "REPLACE"} | _described(source, options)
    if options.tags is not None:
        headers |= {"x-amz-tagging-directive": "REPLACE"} | said.tag_headers(options.tags)
    return headers


def _described(source: Origin, options: CopyOptions) -> dict[str, str]:
    held = source.revision
    metadata = held.metadata if options.metadata is None else options.metadata
    kept = {name: source.head.headers[name] for name in _KEPT if name in source.head.headers}
    return {
        **kept,
        "content-type": options.content_type or held.content_type,
        **said.metadata_headers(metadata, held.checksums),
    }


async def _in_parts(
    client: S3Client, source: Origin, to_bucket: str, to_key: str, options: CopyOptions
) -> Stored:
    """After any error nothing is stored, and no part is left."""
    tags = source.revision.tags if options.tags is None else options.tags
    headers = _described(source, options) | said.tag_headers(tags)
    upload = await client.create_upload(to_bucket, to_key, headers=headers)
    try:
        parts = await _copied_parts(client, source, (to_bucket, to_key, upload))
        demanded = conditions.headers(options.precondition)
        return await client.complete_upload(to_bucket, to_key, upload, parts, headers=demanded)
    except BaseException:
        with suppress(HoldallError):
            await client.abort_upload(to_bucket, to_key, upload)
        raise


async def _copied_parts(
    client: S3Client, source: Origin, target: tuple[str, str, str]
) -> Sequence[SentPart]:
    room, size = asyncio.Semaphore(AT_ONCE), source.head.size
    step = max(STEP, -(-size // MOST_PARTS))

    async def part(number: int, start: int) -> SentPart:
        span = start, min(start + step, size)
        async with room:
            return await client.copy_part(
                *target,
                number,
                source.place,
                version=source.head.version,
                span=span,
                headers=source.pin,
            )

    starts = enumerate(range(0, size, step), 1)
    tasks = [asyncio.create_task(part(number, start)) for number, start in starts]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
