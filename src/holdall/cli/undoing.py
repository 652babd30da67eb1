"""Taking back the latest change of a blob, by writing what was there before it.

A removed blob is not undeleted but restored: to remove its delete marker would rewrite the
past, and the whole bucket could no longer be listed as it stood before.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from holdall.cli.places import Blob
from holdall.client.client import Client
from holdall.client.values.entry import BlobObject
from holdall.core.errors import BlobNotFound, Conflict


class Change(Enum):
    """What the latest change was."""

    REMOVED = "removed"
    REWRITTEN = "rewritten"
    WRITTEN_ANEW = "written anew"  # after it had been removed


@dataclass(frozen=True, slots=True)
class Undone:
    """A change that was taken back. `before` is what is there again, None for nothing."""

    change: Change
    before: BlobObject | None = None
    now: BlobObject | None = None


async def undo(client: Client, named: Blob) -> Undone:
    """`BlobNotFound` for what never was, `Conflict` if nothing was there before."""
    latest, before = await _latest_two(client, named)
    if latest is None:
        raise BlobNotFound(f"{named} has no revisions", bucket=named.bucket, key=named.key)
    if before is None:
        raise Conflict(f"{named} has only one revision; nothing was there before", key=named.key)
    if before.is_marker:
        await client.buckets.delete_blob(named.bucket, named.key, **named.whose)
        return Undone(Change.WRITTEN_ANEW)
    now = await client.buckets.restore(str(named), before.version)
    return Undone(Change.REMOVED if latest.is_marker else Change.REWRITTEN, before, now)


async def _latest_two(client: Client, named: Blob) -> tuple[BlobObject | None, BlobObject | None]:
    """The newest revision and the one before it, or of a removed blob its newest content."""
    latest = None
    async with client.buckets.revisions(str(named)) as revisions:
        async for revision in revisions:
            if latest is None:
                latest = revision
            elif not (latest.is_marker and revision.is_marker):
                return latest, revision
    return latest, None
