"""A source on its way into a blob of Azure."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing

from holdall.backends.azure import said
from holdall.backends.clouds.packing import Said
from holdall.backends.clouds.sources import pour
from holdall.core.sources import Source
from holdall.core.values import PutOptions, Revision
from holdall.payloads.azure.blocks import NONE, BlocksUpload
from holdall.payloads.azure.client import AzureClient


async def send(
    client: AzureClient,
    bucket: str,
    key: str,
    source: Source,
    options: PutOptions,
    content: Mapping[str, str] = NONE,
) -> Revision:
    """Store a source. One request for few bytes, else blocks; after any error nothing shows.

    `content` is what else is said of the content, as the vendor's client names it.
    `Conflict` when another writer of the same key ended first and swept our blocks.
    """
    async with aclosing(BlocksUpload(client, bucket, key)) as upload:
        content_type, checksums = await pour(key, source, options, upload)
        kept = Said(options.metadata, options.tags, checksums)
        arguments = said.arguments(kept, native_tags=client.account.native_tags)
        arguments["content_settings"] = said.content(content_type, checksums, content)
        stored = await upload.complete(
            arguments, said.conditions(options.precondition, bucket, key)
        )
        return said.stated(
            key,
            kept,
            None,
            size=upload.size,
            created_at=stored.modified,
            content_type=content_type,
            etag=stored.etag,
            md5=stored.md5,
        )
