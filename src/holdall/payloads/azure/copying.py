"""Copies within an account: made by Azure, and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from azure.core import MatchConditions
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import BlobClient

from holdall.core.errors import HoldallError, StoreError
from holdall.payloads.azure.client import ONCE, AzureClient
from holdall.payloads.azure.failures import translated

_FIRST, _LONGEST = 0.05, 2.0
"""Seconds between two looks at a copy that is not done yet."""


class CopiedBlob(NamedTuple):
    etag: str
    modified: datetime


async def copy_blob(
    client: AzureClient,
    source: tuple[str, str],
    target: tuple[str, str],
    said: Mapping[str, Any],
) -> CopiedBlob:
    """Copy a blob (Azure "Copy Blob"); `said` are arguments of the vendor's client.

    Within an account the bytes do not move and the answer is mostly the end of it. A copy
    that takes longer shows as an empty blob until it is done, and is aborted with its waiter.
    """
    url = await client.account.readable(client.blob(*source).url, *source)
    blob = client.blob(*target)
    with translated(*target, changes=True):
        # Once: a second request would meet the first one's copy, and its conditions.
        answer: dict[str, Any] = await blob.start_copy_from_url(url, **said, **ONCE)
    if answer["copy_status"] == "success":
        return CopiedBlob(_bare(answer["etag"]), answer["last_modified"])
    try:
        done = await _done(blob, target, str(answer["copy_id"]))
    except BaseException:
        await _undo(blob, target, str(answer["copy_id"]))
        raise
    return CopiedBlob(_bare(done.etag), done.last_modified)


async def _done(blob: BlobClient, target: tuple[str, str], id: str) -> BlobProperties:
    wait = _FIRST
    while True:
        with translated(*target):
            found = await blob.get_blob_properties()
        if found.copy.id != id or found.copy.status not in ("pending", "success"):
            text = f"The copy ended as {found.copy.status}: {found.copy.status_description}."
            raise StoreError(text, bucket=target[0], key=target[1])
        if found.copy.status == "success":
            return found
        await asyncio.sleep(wait)
        wait = min(_LONGEST, wait * 2)


async def _undo(blob: BlobClient, target: tuple[str, str], id: str) -> None:
    """A copy that was aborted or failed leaves an empty blob behind."""
    with suppress(HoldallError), translated(*target, changes=True):
        await blob.abort_copy(id)
    with suppress(HoldallError), translated(*target, changes=True):
        found = await blob.get_blob_properties()
        if (found.copy.id, found.copy.status) in ((id, "aborted"), (id, "failed")):
            unchanged = MatchConditions.IfNotModified
            await blob.delete_blob(etag=found.etag, match_condition=unchanged)


def _bare(etag: object) -> str:
    return str(etag).strip('"')
