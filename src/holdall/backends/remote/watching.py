"""Following what happens in a server's bucket, over its server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from holdall.backends.remote.control import Control, Json
from holdall.core.errors import HistoryGone, Timeout, TransferFailed
from holdall.core.values import BucketRecord, Event

PAUSE: Final = 1.0
"""Seconds before a stream that broke off is taken up again."""


@dataclass(frozen=True, slots=True)
class _Told:
    """An event, or None for a sign of life; `seq` is up to where all has been told."""

    seq: int
    event: Event | None = None


async def watch(
    control: Control, record: BucketRecord, prefix: str, after: int | None
) -> AsyncGenerator[Event, None]:
    """Events without end; a stream that breaks off is taken up where it was."""
    told = _listen(control, record, prefix, after)
    # The server says at once from where on it tells: what happens after that is not missed.
    return _events(await anext(told), told)


async def _events(first: _Told, others: AsyncGenerator[_Told, None]) -> AsyncGenerator[Event, None]:
    try:
        if first.event is not None:
            yield first.event
        async for told in others:
            if told.event is not None:
                yield told.event
    finally:
        await others.aclose()


async def _listen(
    control: Control, record: BucketRecord, prefix: str, after: int | None
) -> AsyncGenerator[_Told, None]:
    while True:
        is_told = False
        query = {"bucket": record.name, "prefix": prefix or None, "after": after}
        try:
            async with control.opened("/events", query, bucket=record.name) as lines:
                async for told in _read(lines, record):
                    is_told, after = True, told.seq
                    yield told
        except (TransferFailed, Timeout):
            if not is_told:
                raise
        if not is_told:
            raise TransferFailed("The server ended its events at once.", bucket=record.name)
        await asyncio.sleep(PAUSE)


async def _read(lines: AsyncIterable[bytes], record: BucketRecord) -> AsyncIterator[_Told]:
    """HTML Living Standard, 9.2.6; comments are signs of life and say how far it is."""
    kind = ""
    async for line in lines:
        name, _, value = line.decode().rstrip("\r\n").partition(":")
        value = value.removeprefix(" ")
        if name == "" and value.isdigit():
            yield _Told(int(value))
        elif name == "event":
            kind = value
        elif name == "data" and kind == "resume":
            text = "Events after that moment are forgotten."
            raise HistoryGone(text, floor=int(value), bucket=record.name)
        elif name == "data":
            event = _event(json.loads(value), record)
            yield _Told(event.seq, event)


def _event(document: Json, record: BucketRecord) -> Event:
    """The bucket is told by its name there, and goes by its id here."""
    time = datetime.fromisoformat(document["time"])
    return Event(**{**document, "time": time, "bucket": record.id})
