"""Uploading one local file."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Final

from holdall.backends.protocol import SMALL
from holdall.client.blocks import Looked, blocks_of, look
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
from holdall.core.values import PutOptions

_BRIEF: Final = PutOptions(brief=True)  # nobody is told of what was stored


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
    looked = await in_thread(look, path, reads=not update)
    if stat.S_ISDIR(looked.found.st_mode):
        raise IsADirectory(f"{path} is a directory", path=path)
    if update and await _is_current(place, looked.found):
        report(StorageProgressSkip(url_of(path), place.uri, "the blob is not older"))
        return
    if update:
        looked = await in_thread(look, path)
    await send_file(path, looked, place, report, courier or Courier())


async def send_file(
    path: Path, looked: Looked, place: Place, report: Reporter, courier: Courier
) -> None:
    """Store a file that was just looked at, whatever is there."""
    found = looked.found
    sender = courier.sender if stat.S_ISREG(found.st_mode) else None
    if sender is not None and sender.sends(found.st_size, place):
        await sender.send(path, Stamp.of(found), place, report)
    else:
        await _send(path, looked, place, report, courier.scheduler)


async def _is_current(place: Place, found: os.stat_result) -> bool:
    blob = await find_blob(place)
    if blob is None or blob.modified_at is None:
        return False
    return place.local_time(blob.modified_at) >= found.st_mtime


async def _send(
    path: Path, looked: Looked, place: Place, report: Reporter, scheduler: Scheduler
) -> None:
    route, size, data = Route(url_of(path), place.uri), looked.found.st_size, looked.data

    async def put() -> None:
        if data is not None:
            await _pass(data, route, report, scheduler)
            await place.backend.put(place.bucket.id, place.key, data, options=_BRIEF)
            return
        async with aclosing(_watched(path, size, route, report, scheduler)) as source:
            await place.backend.put(place.bucket.id, place.key, source, options=_BRIEF)

    report(StorageProgressStart(route.src, route.dst, size))
    await scheduler.request(put, report, small=data is not None and size <= SMALL)
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


async def _pass(data: bytes, route: Route, report: Reporter, scheduler: Scheduler) -> None:
    """The same of bytes that were read at once: they pass before any of them is sent."""
    await scheduler.take(len(data))
    if data:
        report(StorageProgressStep(route.src, route.dst, len(data), len(data)))
