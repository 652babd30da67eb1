"""Removing a blob, or everything below a name."""

from __future__ import annotations

from collections.abc import Iterable

from holdall.client.finding import demand_blob, demand_folder, find_blob
from holdall.client.listing import PAGE
from holdall.client.place import Place
from holdall.client.progress import StorageProgressDelete
from holdall.client.reporting import Reporter
from holdall.core.errors import TransferFailed
from holdall.core.values import Deletion, Revision


async def remove(place: Place, *, recursive: bool, report: Reporter) -> None:
    """Remove the blob of this key, or with `recursive` everything below the name.

    A name that is both removes the blob alone: the smaller loss where the caller may have
    meant either. With a slash at its end it is the directory.
    """
    if recursive and (_is_directory_name(place.key) or await find_blob(place) is None):
        await _remove_below(await demand_folder(place), report)
    else:
        await _remove_one(place, report)


def _is_directory_name(key: str) -> bool:
    return key == "" or key.endswith("/")


async def _remove_one(place: Place, report: Reporter) -> None:
    blob = await demand_blob(place)
    await place.backend.delete(place.bucket.id, blob.key)
    report(StorageProgressDelete(blob.uri, is_dir=False))


async def _remove_below(folder: Place, report: Reporter) -> None:
    """Delete page after page; what could not be deleted is raised together at the end."""
    failed: list[Deletion] = []
    after: str | None = ""
    while after is not None:
        page = await folder.backend.list(
            folder.bucket.id, prefix=folder.key, after=after, limit=PAGE
        )
        keys = [entry.key for entry in page.entries if isinstance(entry, Revision)]
        failed += _report_each(
            folder, await folder.backend.delete_many(folder.bucket.id, keys), report
        )
        after = page.after
    _raise_any(failed)


def _report_each(folder: Place, done: Iterable[Deletion], report: Reporter) -> list[Deletion]:
    failed = []
    for deletion in done:
        if deletion.error is not None:
            failed.append(deletion)
        else:
            uri = folder.at(deletion.key).uri
            report(StorageProgressDelete(uri, is_dir=deletion.key.endswith("/")))
    return failed


def _raise_any(failed: list[Deletion]) -> None:
    if failed:
        first = failed[0]
        message = f"{len(failed)} could not be removed; the first, {first.key!r}: {first.error}"
        raise TransferFailed(message, failed=tuple(failed)) from first.error
