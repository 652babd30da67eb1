"""The tags of a blob: Azure's own where it takes them, else packed with the metadata."""

from __future__ import annotations

from collections.abc import Mapping

from azure.core import MatchConditions

from holdall.backends.azure.naming import are_tags, is_plain
from holdall.backends.clouds.packing import packed, unpacked
from holdall.payloads.azure.client import AzureClient
from holdall.payloads.azure.failures import translated


async def set_tags(client: AzureClient, bucket: str, key: str, tags: Mapping[str, str]) -> None:
    """Replace them. Those packed count, so the change of metadata, where one is needed, is the
    moment at which everybody sees the new ones. `PreconditionFailed` when the blob was changed
    in that moment.
    """
    found = await client.properties(bucket, key)
    said = unpacked(found.metadata or {})
    native = client.account.native_tags and are_tags(dict(tags))
    blob = client.blob(bucket, key)
    if native:
        with translated(bucket, key, changes=True):
            await blob.set_blob_tags(dict(tags))
    wanted = None if native or not tags else dict(tags)
    if said.tags == wanted:
        return
    with translated(bucket, key, changes=True):
        await blob.set_blob_metadata(
            packed(said._replace(tags=wanted), is_plain),
            etag=found.etag,
            match_condition=MatchConditions.IfNotModified,
        )
