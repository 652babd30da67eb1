"""Uploading one local file."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from holdall.client.blocks import blocks_of
from holdall.client.courier import Courier
from holdall.client.finding import find_blob
from holdall.client.local import url_of
from holdall.client.place import Place
from holdall.client.progress import (
    StorageProgressComplete,
    StorageProgressSkip,
    StorageProgressStart,
    StorageProgressStep,
)
from holdall.client.reporting import Reporter
from holdall.client.route import Route
from holdall.client.scheduling import Scheduler
from holdall.client.stamps import Stamp
from holdall.client.threads import in_thread
from holdall.core.errors import InvalidArgument, IsADirectory


async def upload_file(
    path: Path,
    place: Place,
    *,
    update: bool,
    report: Reporter,
    courier: Courier | None = None,
) -> None:
    """Store a file under the place's key; a file that changes meanwhile is not stored.

    With `update` only when the file was modified after the blob, or there is no blob.
    """
    if not place.key:
        raise InvalidArgument(f"{place.uri} names no blob", bucket=place.bucket.name)
    found = await in_thread(os.stat, path)
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectory(f"{path} is a directory", path=path)
    if update and await _is_current(place, found):
        report(StorageProgressSkip(url_of(path), place.uri, "the blob is not older"))
    else:
        await send_file(path, found, place, report, courier or Courier())


async def send_file(
    path: Path, found: os.stat_result, place: Place, report: Reporter, courier: Courier
) -> None:
    """Store a file that was just `found`, whatever is there."""
    large = courier.large if stat.S_ISREG(found.st_mode) else None
    if large is not None and large.sends(found.st_size, place):
        await large.send(path, Stamp.of(found), place, report)
    else:
        await _send(path, found.st_size, place, report, courier.scheduler)


async def _is_current(place: Place, found: os.stat_result) -> bool:
    blob = await find_blob(place)
    if blob is None or blob.modified_at is None:
        return False
    return place.local_time(blob.modified_at) >= found.st_mtime


async def _send(
    path: Path, size: int, place: Place, report: Reporter, scheduler: Scheduler
) -> None:
    route = Route(url_of(path), place.uri)

    async def put() -> None:
        async with aclosing(_watched(path, size, route, report, scheduler)) as source:
            await place.backend.put(place.bucket.id, place.key, source)

    report(StorageProgressStart(route.src, route.dst, size))
    await scheduler.request(put, report)
    report(StorageProgressComplete(route.src, route.dst, size))


async def _watched(
    path: Path, size: int, route: Route, report: Reporter, scheduler: Scheduler
) -> AsyncGenerator[bytes, None]:
    """The file's bytes. What a callback raises comes out of the source: nothing is stored."""
    current = 0
    async with aclosing(scheduler.passing(blocks_of(path))) as blocks:
        async for block in blocks:
            yield block
            current += len(block)
            report(StorageProgressStep(route.src, route.dst, current, size))
