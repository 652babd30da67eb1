"""The ASGI app that a server runs: the S3 API, and the few paths that are the server's own.

`/healthz`, `/metrics` and `/api` cannot be buckets in path style: CreateBucket refuses their
names. Where the host names a bucket every path is a key of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from holdall.s3 import batches
from holdall.server import health, sending
from holdall.server.app import S3App
from holdall.server.background import ending_with_parent, running
from holdall.server.batches import Batches
from holdall.server.control.app import ControlApp
from holdall.server.deliveries import Deliveries
from holdall.server.exchanges import Exchange, Meter
from holdall.server.logs import RequestLog
from holdall.server.metrics import Metrics
from holdall.server.opening import Opened, opened
from holdall.server.operations.assume_role import assume_role
from holdall.server.operations.get_session_token import get_session_token
from holdall.server.options import ServerOptions
from holdall.server.protocol import STOPPING
from holdall.server.request import Receive, Request, Scope, Send, new_id
from holdall.server.response import Response
from holdall.server.sts import StsApp

App = Callable[[Scope, Receive, Send], Awaitable[None]]

API: Final = b"/api"
BATCHES: Final = batches.PATH.encode()
CONTROL: Final = "Control"
BATCH: Final = "Batch"
ACTIONS: Final = {"AssumeRole": assume_role, "GetSessionToken": get_session_token}
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_log = logging.getLogger("holdall.server")


@dataclass(frozen=True, slots=True)
class _Apps:
    """What answers, while the store is open."""

    site: Opened
    s3: S3App
    control: App
    sts: App
    batches: App


class Root:
    """Opens the store when the server starts, and closes it when it stops."""

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._log = RequestLog(options.log)
        self._metrics = Metrics(options.directory)
        self._stopping = asyncio.Event()
        self._opened: _Apps | None = None
        self._own: dict[bytes, tuple[str, App]] = {
            b"/healthz": ("Health", self._health),
            b"/metrics": ("Metrics", self._figures),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] == "http":
            await self._measured(scope, receive, send)
        else:
            await self._apps.control(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """From startup to shutdown (the ASGI lifespan protocol)."""
        await receive()
        started = False
        try:
            async with self._open():
                scope["state"][STOPPING] = self._stopping
                started = True
                await send({"type": "lifespan.startup.complete"})
                await receive()
                self._stopping.set()
        except Exception as error:
            _log.exception("the server cannot %s", "stop in order" if started else "start")
            turn = "shutdown" if started else "startup"
            await send({"type": f"lifespan.{turn}.failed", "message": str(error)})
            return
        self._log.flush()
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        async with opened(self._options) as site:
            deliveries = Deliveries(
                site.state.engine, site.feed, site.webhooks, self._options.region
            )
            transfers = partial(site.transfers.run, self._stopping)
            is_worker = self._options.workers > 1
            with ending_with_parent() if is_worker else nullcontext():
                async with running(deliveries.run), running(transfers):
                    self._opened = self._apps_of(site)
                    yield

    def _apps_of(self, site: Opened) -> _Apps:
        s3 = S3App(site.state)
        return _Apps(
            site,
            s3,
            ControlApp(site),
            StsApp(site, ACTIONS),
            Batches(s3, self._tell_of_part),
        )

    @property
    def _apps(self) -> _Apps:
        assert self._opened is not None, "requests come after startup"
        return self._opened

    async def _measured(self, scope: Scope, receive: Receive, send: Send) -> None:
        meter = Meter(receive, send)
        request = Request(scope, meter.receive, new_id(), self._options.domains)
        operation, app = self._chosen(request)
        self._metrics.begin()
        try:
            if app is None:
                await self._apps.s3.answer(request, meter.send)
            else:
                await app(scope, meter.receive, meter.send)
        finally:
            self._tell(meter, request, _route_name(scope) if operation == CONTROL else operation)

    def _tell(self, meter: Meter, request: Request, operation: str | None) -> None:
        if request.method not in _READING:
            self._apps.site.feed.wake()
        exchange = meter.finished(request, operation)
        self._metrics.count(exchange)
        self._log.write(exchange)

    def _tell_of_part(self, exchange: Exchange) -> None:
        """The same of a request that came in a batch, whose bytes are counted as the batch's."""
        self._metrics.begin()
        self._metrics.count(replace(exchange, sent=0, received=0))
        self._log.write(exchange)

    def _chosen(self, request: Request) -> tuple[str | None, App | None]:
        """What answers and what that is called; nothing for S3."""
        apps, path = self._apps, request.raw_path
        if request.bucket_of_host is not None:
            return None, None
        if path in self._own:
            return self._own[path]
        if path == BATCHES:
            return BATCH, apps.batches
        if path == API or path.startswith(API + b"/"):
            return CONTROL, apps.control
        if path == b"/" and request.method == "POST":
            return "Sts", apps.sts
        return None, None

    async def _health(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await health.check(self._apps.site.state.engine, self._stopping.is_set)
        await self._answer(response, scope, receive, send)

    async def _figures(self, scope: Scope, receive: Receive, send: Send) -> None:
        text, content_type = await asyncio.to_thread(self._metrics.exposition)
        response = Response(200, [("content-type", content_type)], text)
        await self._answer(response, scope, receive, send)

    async def _answer(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            response = Response(405, [("allow", "GET, HEAD")])
        request = Request(scope, receive, new_id())
        await sending.send(response, request, send, self._apps.site.state)


def _route_name(scope: Scope) -> str:
    """The function that answered, as a name for figures; routes are few, paths are not."""
    endpoint = scope.get("endpoint")
    return CONTROL if endpoint is None else f"{CONTROL}.{endpoint.__name__}"
