"""Copies: made by Azure, save where the content type changes, which Azure never copies anew."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

from azure.core import MatchConditions

from holdall.backends.azure import said
from holdall.backends.azure.sending import send
from holdall.backends.clouds.copies import wanted
from holdall.backends.clouds.packing import PACKED, Said
from holdall.core.errors import Busy, PreconditionFailed
from holdall.core.values import CopyOptions, PutOptions, Revision
from holdall.payloads.azure.client import AzureClient
from holdall.payloads.azure.copying import copy_blob

Place = tuple[str, str]
"""A bucket's name and a key."""

_NO_METADATA: Final = {PACKED: "e30="}
"""Nothing, packed."""


async def copy(
    client: AzureClient, source: Revision, place: Place, target: Place, options: CopyOptions
) -> Revision:
    """Copy the content that `source` is. `Busy` when there is another one now."""
    made_of = wanted(source, options)
    if made_of.content_type != source.content_type:
        return await _through_us(client, source, place, target, made_of)
    kept = Said(made_of.metadata, made_of.tags, _packed_sums(source))
    arguments = said.arguments(kept, native_tags=client.account.native_tags)
    if not arguments["metadata"] and (source.metadata or source.tags or kept.checksums):
        arguments["metadata"] = _NO_METADATA  # none would mean the source's
    pinned: dict[str, Any] = {
        "source_etag": said.quoted(source.etag),
        "source_match_condition": MatchConditions.IfNotModified,
    }
    conditions = said.conditions(made_of.precondition, *target)
    conditions.pop("retry_total", None)
    try:
        made = await copy_blob(client, place, target, {**arguments, **pinned, **conditions})
    except PreconditionFailed as error:
        await _demand_same(client, source, place, error)
        raise
    return replace(
        source,
        key=target[1],
        etag=made.etag,
        created_at=made.modified,
        metadata=made_of.metadata,
        tags=made_of.tags,
    )


def _packed_sums(source: Revision) -> dict[str, bytes]:
    """MD5 goes with the blob."""
    return {name: digest for name, digest in source.checksums.items() if name != "md5"}


async def _through_us(
    client: AzureClient, source: Revision, place: Place, target: Place, options: PutOptions
) -> Revision:
    options = replace(options, checksums=source.checksums)
    if not source.size:
        return await send(client, *target, b"", options)
    download = await client.get(*place)
    async with aclosing(download):
        if download.headers["etag"].strip('"') != source.etag:
            raise Busy("The source changed while it was copied.", bucket=place[0], key=place[1])
        return await send(client, *target, download, options, _content(download.headers))


def _content(headers: Mapping[str, str]) -> dict[str, str]:
    """What else is said of the source's content, for which we have no word."""
    names = ("cache-control", "content-disposition", "content-encoding", "content-language")
    return {name.replace("-", "_"): headers[name] for name in names if name in headers}


async def _demand_same(
    client: AzureClient, source: Revision, place: Place, error: PreconditionFailed
) -> None:
    """Azure does not always say which of the two conditions failed."""
    found = await client.properties(*place)
    if said.revision(found, None).etag != source.etag:
        text = "The source changed while it was copied."
        raise Busy(text, bucket=place[0], key=place[1]) from error
