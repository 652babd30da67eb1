"""Events over a WebSocket or as server-sent events, from any place in their order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.websockets import WebSocketDisconnect

from holdall.catalog.tables import buckets as rows
from holdall.core.errors import HistoryGone
from holdall.core.values import Event as Record
from holdall.core.values import EventPage
from holdall.s3.errors import S3Error
from holdall.server import buckets
from holdall.server.control.caller import Caller, Calling
from holdall.server.control.names import BUCKET
from holdall.server.feed import Wish
from holdall.server.protocol import STOPPING

router = APIRouter(prefix="/events", tags=["events"])

PATIENCE: Final = 30.0
"""Seconds in which a listener must take a page; a slower one is told to resume."""
BEHIND: Final = 4290
"""The code that a WebSocket of such a one is closed with; the reason says where to resume."""
GONE: Final = 4100
"""And of one that asks for events which are forgotten."""

BucketInQuery = Annotated[str | None, Query(pattern=BUCKET)]
Prefix = Annotated[str, Query(max_length=1024, pattern=r"^[^\x00]*$")]
After = Annotated[
    int | None,
    Query(ge=0, le=2**62, description="Begin after this `seq`; absent: with what happens next."),
]


class Event(BaseModel):
    """`seq` orders all events. `kind` is written, deleted (a marker), removed (a revision, for
    good), tagged, marked, bucket_created, bucket_changed or bucket_deleted."""

    seq: int
    time: datetime
    kind: str
    bucket: str | None
    key: str | None
    number: int | None
    size: int | None
    actor: str


class _Listener:
    """Who listens, to what, and what of it they may know."""

    def __init__(self, caller: Calling, wish: Wish) -> None:
        self._caller = caller
        self._wish = wish
        self._names: dict[str, str | None] = {}

    async def pages(self, after: int | None) -> AsyncIterator[tuple[list[Event], int]]:
        """What may be told, and up to where."""
        feed = self._caller.site.feed
        start = await feed.latest() if after is None else after
        async for page in feed.pages(self._wish, start):
            yield await self._told(page), page.after

    async def _told(self, page: EventPage) -> list[Event]:
        self._names.clear()  # rights change; a page is soon told
        wanted = [record for record in page.events if self._is_wanted(record)]
        shown = [await self._shown(record) for record in wanted]
        return [event for event in shown if event is not None]

    def _is_wanted(self, record: Record) -> bool:
        """What concerns a bucket itself has no key and always counts."""
        return record.key is None or record.key.startswith(self._wish.prefix)

    async def _shown(self, record: Record) -> Event | None:
        if record.bucket is None:
            return _event(record, None) if self._caller.is_admin else None
        if record.bucket not in self._names:
            self._names[record.bucket] = await self._name(record.bucket)
        name = self._names[record.bucket]
        return None if name is None else _event(record, name)

    async def _name(self, id: str) -> str | None:
        """The bucket's name, or None when it is not the caller's business."""
        engine = self._caller.site.state.engine
        row = await engine.catalog.read(lambda reads: rows.by_uid(reads, id))
        if row is None or row.name is None:
            return None
        try:
            found = await buckets.load(engine, row.name, row.owner)
        except S3Error:
            return None
        return row.name if await self._caller.may(found, "s3:ListBucket") else None


def _event(record: Record, bucket: str | None) -> Event:
    return Event(**asdict(record) | {"bucket": bucket})


async def _listener(caller: Calling, bucket: str | None, prefix: str) -> _Listener:
    """`Refusal` 404 for a bucket that the caller may not list."""
    if bucket is None:
        return _Listener(caller, Wish(None, prefix))
    found = await caller.bucket(bucket, "s3:ListBucket", elsewhere=True)
    return _Listener(caller, Wish(found.id, prefix))


@router.get(
    "",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream_events(
    request: Request,
    caller: Caller,
    bucket: BucketInQuery = None,
    prefix: Prefix = "",
    after: After = None,
) -> StreamingResponse:
    """Events as they happen (server-sent events), of a bucket and of keys with a prefix.

    `Last-Event-ID` continues where a stream broke off. A listener that falls behind loses
    nothing: it reads on from where it was. The last event of a stream may be `resume`, whose
    data is the place to begin after.
    """
    listener = await _listener(caller, bucket, prefix)
    last = request.headers.get("last-event-id", "")
    if last.isascii() and last.isdigit() and len(last) < 19:
        after = int(last)
    if after is not None:
        await _require_kept(caller, after)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    lines = _server_sent(listener, after, request)
    return StreamingResponse(lines, media_type="text/event-stream", headers=headers)


async def _require_kept(caller: Calling, after: int) -> None:
    """`HistoryGone` while a status can still tell it."""
    async for _ in caller.site.feed.pages(Wish(), after):
        return


async def _server_sent(
    listener: _Listener, after: int | None, request: Request
) -> AsyncIterator[str]:
    stopping: asyncio.Event = request.scope["state"][STOPPING]
    yield ": holdall\n\n"
    try:
        async for events, seq in _until(listener.pages(after), stopping):
            yield "".join(map(_line, events)) or f": {seq}\n\n"
    except HistoryGone as error:
        yield f"event: resume\ndata: {error.floor}\n\n"


def _line(event: Event) -> str:
    return f"id: {event.seq}\nevent: {event.kind}\ndata: {event.model_dump_json()}\n\n"


async def _until(
    pages: AsyncIterator[tuple[list[Event], int]], stop: asyncio.Event
) -> AsyncIterator[tuple[list[Event], int]]:
    """The pages until an end is called for: an endless answer would hold the server for ever."""
    end = asyncio.ensure_future(stop.wait())
    try:
        while True:
            turn = asyncio.ensure_future(anext(pages))
            done, _ = await asyncio.wait((turn, end), return_when=asyncio.FIRST_COMPLETED)
            if turn not in done:
                turn.cancel()
                await asyncio.wait((turn,))
                return
            yield turn.result()
    finally:
        end.cancel()


@router.websocket("")
async def listen(
    socket: WebSocket,
    caller: Caller,
    bucket: BucketInQuery = None,
    prefix: Prefix = "",
    after: After = None,
) -> None:
    """The same over a WebSocket: an event a message, as JSON."""
    listener = await _listener(caller, bucket, prefix)
    await socket.accept()
    told = after
    gone = asyncio.Event()
    watching = asyncio.ensure_future(_watch(socket, gone))
    try:
        async for events, seq in _until(listener.pages(after), gone):
            async with asyncio.timeout(PATIENCE):
                for event in events:
                    await socket.send_text(event.model_dump_json())
            told = seq
    except TimeoutError:
        await socket.close(BEHIND, json.dumps({"resume": told}))
    except HistoryGone as error:
        await socket.close(GONE, json.dumps({"resume": error.floor}))
    except WebSocketDisconnect:
        return
    finally:
        watching.cancel()


async def _watch(socket: WebSocket, gone: asyncio.Event) -> None:
    """Until the client goes or the server stops; what the client says is not listened to."""
    try:
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass
    finally:
        gone.set()
