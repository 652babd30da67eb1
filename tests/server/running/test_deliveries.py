"""Deliveries to webhooks: signed, in order, at least once, and on from where they stopped."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from holdall.backends.engine import EngineBackend
from holdall.engine import settings
from holdall.server import background, deliveries
from holdall.server.deliveries import Deliveries
from holdall.server.feed import Feed
from holdall.server.notifications import Notification, to_xml
from holdall.server.webhooks import Webhooks

MASTER = bytes(32)


class Receiver:
    """A webhook's other end: it refuses as often as it is told to."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[Any] = []
        self.texts: list[bytes] = []
        self.refusals: list[int] = []
        self.came = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        text = await request.read()
        self.came.set()
        if self.refusals:
            return web.Response(status=self.refusals.pop(0), headers={"location": "/other"})
        self.headers.append(request.headers)
        self.texts.append(text)
        self.bodies.append(json.loads(text))
        return web.Response(status=204)

    @property
    def keys(self) -> list[str]:
        return [body["Key"] for body in self.bodies]

    async def has(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.bodies) < count:
                self.came.clear()
                await self.came.wait()
                await asyncio.sleep(0)


@pytest.fixture
async def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def url(receiver: Receiver) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/hook"
    await runner.cleanup()


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[EngineBackend]:
    found = await EngineBackend.at(tmp_path / "store", owner="ann")
    await found.create_bucket("box")
    yield found
    assert await found.check() == []
    await found.aclose()


@pytest.fixture
def webhooks(tmp_path: Path) -> Webhooks:
    return Webhooks(tmp_path, MASTER)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_DELAY", "LONGEST_DELAY", "AWAIT_TURN"):
        monkeypatch.setattr(deliveries, name, 0.01)
    monkeypatch.setattr("holdall.server.feed.POLL", 0.01)


async def want(backend: EngineBackend, webhook: str = "hook", **wish: Any) -> None:
    wanted = Notification(
        kind="QueueConfiguration",
        id="mine",
        destination=f"arn:holdall:webhook:::{webhook}",
        **{"events": ("s3:ObjectCreated:*", "s3:ObjectRemoved:*"), **wish},
    )
    await settings.put(backend.engine, "box", "notification", to_xml([wanted]).decode())


def delivering(backend: EngineBackend, webhooks: Webhooks) -> Any:
    feed = Feed(backend.engine)
    return background.running(Deliveries(backend.engine, feed, webhooks, "us-east-1").run)


async def settled(backend: EngineBackend, webhook: str = "hook") -> None:
    """Until the bucket's place with the webhook is known: what comes after it counts."""
    async with asyncio.timeout(20):
        while await settings.get(backend.engine, "box", f"notified:{webhook}") is None:
            await backend.usage("box")  # another turn of the event loop, at least
            await asyncio.sleep(0)


async def test_what_happens_is_told_as_s3_tells_it(
    backend: EngineBackend, webhooks: Webhooks, receiver: Receiver, url: str
) -> None:
    secret = webhooks.add("hook", url).secret
    await want(backend)
    async with delivering(backend, webhooks):
        await settled(backend)
        await backend.put("box", "a b/ü", b"12345")
        await backend.delete("box", "a b/ü")
        await receiver.has(2)
    written, deleted = (body["Records"][0] for body in receiver.bodies)
    assert written["eventName"] == "ObjectCreated:Put"
    assert deleted["eventName"] == "ObjectRemoved:DeleteMarkerCreated"
    assert written["s3"]["bucket"]["name"] == "box"
    assert written["s3"]["object"]["key"] == "a+b/%C3%BC"
    assert written["s3"]["object"]["size"] == 5
    assert written["s3"]["configurationId"] == "mine"
    assert written["userIdentity"] == {"principalId": "ann"}
    assert written["s3"]["object"]["sequencer"] < deleted["s3"]["object"]["sequencer"]
    assert is_signed(receiver, 0, secret)
    assert not is_signed(receiver, 0, "whsec_" + base64.b64encode(b"other").decode())


def is_signed(receiver: Receiver, index: int, secret: str) -> bool:
    """As Standard Webhooks has receivers check it."""
    headers, text = receiver.headers[index], receiver.texts[index]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + text
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return bool(headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}")


async def test_only_what_is_wanted(
    backend: EngineBackend, webhooks: Webhooks, receiver: Receiver, url: str
) -> None:
    webhooks.add("hook", url)
    await want(backend, events=("s3:ObjectCreated:Put",), prefix="in/", suffix=".jpg")
    async with delivering(backend, webhooks):
        await settled(backend)
        for key in ("in/a.jpg", "in/a.txt", "out/a.jpg", "in/b.jpg"):
            await backend.put("box", key, b"")
        await backend.delete("box", "in/a.jpg")
        await backend.put("box", "in/last.jpg", b"")
        await receiver.has(3)
    assert receiver.keys == ["box/in/a.jpg", "box/in/b.jpg", "box/in/last.jpg"]


async def test_it_insists(
    backend: EngineBackend, webhooks: Webhooks, receiver: Receiver, url: str
) -> None:
    webhooks.add("hook", url)
    receiver.refusals = [500, 302, 404, 503]
    await want(backend)
    async with delivering(backend, webhooks):
        await settled(backend)
        for key in ("a", "b"):
            await backend.put("box", key, b"")
        await receiver.has(2)
    assert receiver.refusals == []
    assert receiver.keys == ["box/a", "box/b"]


async def test_it_goes_on_where_it_stopped(
    backend: EngineBackend, webhooks: Webhooks, receiver: Receiver, url: str
) -> None:
    webhooks.add("hook", url)
    await want(backend)
    async with delivering(backend, webhooks):
        await settled(backend)
        await backend.put("box", "before", b"")
        await receiver.has(1)
    await backend.put("box", "meanwhile", b"")
    async with delivering(backend, webhooks):
        await backend.put("box", "after", b"")
        while "box/after" not in receiver.keys:
            await receiver.has(len(receiver.bodies) + 1)
    # At least once: the first may come again, for it may have been told and not written down.
    assert list(dict.fromkeys(receiver.keys)) == [
        "box/before",
        "box/meanwhile",
        "box/after",
    ]


async def test_one_process_at_a_time(
    backend: EngineBackend, webhooks: Webhooks, receiver: Receiver, url: str
) -> None:
    webhooks.add("hook", url)
    await want(backend)
    async with delivering(backend, webhooks), delivering(backend, webhooks):
        await settled(backend)
        for number in range(20):
            await backend.put("box", f"{number:02}", b"")
        await receiver.has(20)
    assert receiver.keys == [f"box/{number:02}" for number in range(20)]


async def test_a_dead_webhook_holds_up_no_other(
    backend: EngineBackend, webhooks: Webhooks, receiver: Receiver, url: str
) -> None:
    webhooks.add("dead", "http://127.0.0.1:9/")
    webhooks.add("hook", url)
    both = [
        Notification("QueueConfiguration", name, f"arn:holdall:webhook:::{name}", (event,))
        for name, event in (("dead", "s3:ObjectRemoved:*"), ("hook", "s3:ObjectCreated:*"))
    ]
    await settings.put(backend.engine, "box", "notification", to_xml(both).decode())
    async with delivering(backend, webhooks):
        await settled(backend)
        await settled(backend, "dead")
        await backend.put("box", "a", b"")
        await backend.delete("box", "a")
        await backend.put("box", "b", b"")
        await receiver.has(2)
    assert receiver.keys == ["box/a", "box/b"]
