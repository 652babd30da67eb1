"""Telling a blob from the directory of the same name.

A blob `foo` and blobs `foo/…` may stand side by side. A name means the blob where there
is one; with a slash at its end it means the directory.
"""

from __future__ import annotations

from datetime import datetime

from holdall.backends.protocol import RevisionRef
from holdall.client.listing import holds_any
from holdall.client.place import Place
from holdall.client.values.entry import BlobObject, blob_of
from holdall.core.errors import BlobNotFound, IsADirectory, NotADirectory


async def find_blob(place: Place, *, revision: RevisionRef = None) -> BlobObject | None:
    """The blob of exactly this key, unless it is none or the marker of a directory."""
    if not place.key:
        return None
    try:
        found = await place.backend.head(place.bucket.id, place.key, revision=revision)
    except BlobNotFound:
        return None
    blob = blob_of(place.bucket, found)
    return blob if blob.is_file() else None


async def demand_blob(place: Place, *, revision: RevisionRef = None) -> BlobObject:
    """The blob of exactly this key; `IsADirectory` or `BlobNotFound`."""
    blob = await find_blob(place, revision=revision)
    if blob is None:
        raise await _no_blob(place)
    return blob


async def demand_folder(place: Place, *, at: datetime | None = None) -> Place:
    """The place as a prefix that holds something; `NotADirectory` or `BlobNotFound`.

    A bucket is a directory even when it is empty.
    """
    folder = place.as_folder()
    if folder.key == "" or await holds_any(folder, at=at):
        return folder
    if await find_blob(place) is not None:
        raise NotADirectory(f"{place.uri} is a blob, not a directory", **_facts(place))
    raise _missing(place)


async def is_folder(place: Place) -> bool:
    """Whether anything is below this name. A bucket is a directory even when it is empty."""
    return place.key == "" or await holds_any(place.as_folder())


async def _no_blob(place: Place) -> Exception:
    if await is_folder(place):
        return IsADirectory(f"{place.uri} is a directory", **_facts(place))
    return _missing(place)


def _missing(place: Place) -> BlobNotFound:
    return BlobNotFound(f"there is no {place.uri}", **_facts(place))


def _facts(place: Place) -> dict[str, str]:
    return {"bucket": place.bucket.name or place.bucket.id, "key": place.key}
