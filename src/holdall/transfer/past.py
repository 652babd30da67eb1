"""What must hold before a folder is made as it was at a time."""

from __future__ import annotations

from datetime import datetime

from holdall.client.listing import holds_any
from holdall.client.place import Place
from holdall.core.errors import BlobNotFound, Conflict, NotSupported
from holdall.core.values import Versioning


async def demand_past(place: Place, at: datetime) -> Place:
    """The place as a folder that held something at that time. `NotSupported`, `Conflict`,
    `HistoryGone`, `BlobNotFound`."""
    folder = place.as_folder()
    if not place.backend.capabilities.time_travel:
        raise NotSupported(f"{folder.uri}: its provider does not tell what a bucket held at a time")
    if place.bucket.versioning is Versioning.SUSPENDED:
        raise Conflict(_SUSPENDED.format(place.at("").uri), bucket=place.bucket.id)
    # A mistaken time must not empty a bucket: one that held nothing is no past to go back to.
    if not await holds_any(folder, at=at):
        then = at.isoformat(timespec="seconds")
        raise BlobNotFound(f"nothing was below {folder.uri} at {then}", key=place.key)
    return folder


_SUSPENDED = "{}: while versioning is suspended, to restore would forget what is replaced"
