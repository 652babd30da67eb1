"""Deliveries to webhooks: each event at least once, in order, until it was taken.

How far a bucket's events were delivered to a webhook stands in the catalog; one process of
those that serve a store has the turn. Signatures are those of Standard Webhooks.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import logging
import secrets
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final, NamedTuple
from urllib.parse import quote_plus

import aiohttp

from holdall.catalog.tables import buckets, leases, settings
from holdall.catalog.transaction import Reads, Transaction
from holdall.core.errors import HistoryGone, HoldallError
from holdall.core.values import Event
from holdall.engine import events
from holdall.engine.engine import Engine
from holdall.s3.times import to_iso
from holdall.server.feed import Feed
from holdall.server.identities import canonical_id
from holdall.server.notifications import SETTING, Notification, from_setting
from holdall.server.webhooks import PREFIX, Webhook, Webhooks

TURN: Final = "webhooks"
TURN_TIME: Final = 30_000_000
"""Microseconds for which the turn is had without being renewed."""
AWAIT_TURN: Final = 10.0
"""Seconds between two attempts of those who have it not."""
PATIENCE: Final = 30.0
"""Seconds in which a webhook must answer."""
FIRST_DELAY: Final = 1.0
LONGEST_DELAY: Final = 300.0
"""Seconds until the next attempt after a failed one; they double."""
AT_ONCE: Final = 100
FAR: Final = 10_000
"""Events without a delivery after which the position is written down all the same."""

NAMES: Final = {
    "written": "ObjectCreated:Put",
    "deleted": "ObjectRemoved:DeleteMarkerCreated",
    "removed": "ObjectRemoved:Delete",
    "tagged": "ObjectTagging:Put",
}
"""What S3 calls what happened; other events are nothing that it tells of."""

_log = logging.getLogger("holdall.server")


class Target(NamedTuple):
    """A bucket and a webhook that it wants to be told."""

    number: int
    bucket: str  # its id
    name: str
    owner: str
    webhook: str

    @property
    def setting(self) -> str:
        """Where the position stands."""
        return f"notified:{self.webhook}"


class Deliveries:
    """Runs until it is cancelled."""

    def __init__(self, engine: Engine, feed: Feed, webhooks: Webhooks, region: str) -> None:
        self._engine = engine
        self._feed = feed
        self._webhooks = webhooks
        self._region = region
        self._holder = secrets.token_hex(8)
        self._running: dict[Target, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Deliver whenever there is something, as long as this process has the turn."""
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session:
                while True:
                    await self._step(session)
        finally:
            await self._end()

    async def _step(self, session: aiohttp.ClientSession) -> None:
        try:
            if not self._webhooks.names() or not await self._has_turn():
                await asyncio.sleep(AWAIT_TURN if self._webhooks.names() else FIRST_DELAY)
                return
            seen = await self._feed.latest()
            for target, notifications in await self._targets():
                self._start(target, notifications, seen, session)
            await self._feed.changed(seen)
        except HoldallError:
            _log.exception("deliveries to webhooks pause")
            await asyncio.sleep(FIRST_DELAY)

    async def _has_turn(self) -> bool:
        now = self._engine.now()

        def unit(tx: Transaction) -> bool:
            return leases.take(tx, TURN, self._holder, tx.tick().seq, now, now + TURN_TIME)

        return await self._engine.catalog.write(unit)

    async def _targets(self) -> list[tuple[Target, tuple[Notification, ...]]]:
        found = await self._engine.catalog.scan(_configured)
        return [
            (target, wanted)
            for target, wanted in found
            if self._webhooks.get(target.webhook) is not None
        ]

    def _start(
        self,
        target: Target,
        wanted: tuple[Notification, ...],
        seen: int,
        session: aiohttp.ClientSession,
    ) -> None:
        task = self._running.get(target)
        if task is None or task.done():
            work = self._deliver(target, wanted, seen, session)
            self._running[target] = asyncio.create_task(work)

    async def _end(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(HoldallError):
            await self._engine.catalog.write(lambda tx: leases.release(tx, TURN, self._holder))

    async def _deliver(
        self,
        target: Target,
        wanted: tuple[Notification, ...],
        seen: int,
        session: aiohttp.ClientSession,
    ) -> None:
        """All that has happened since the last time."""
        position = await self._position(target, seen)
        while True:
            try:
                page = await events.page(
                    self._engine, after=position, limit=AT_ONCE, bucket=target.bucket
                )
            except HistoryGone as gone:
                _log.warning("webhook %s misses events of %s", target.webhook, target.name)
                position = gone.floor
                continue
            told = await self._tell(target, wanted, page.events, session)
            if told or page.after - position > FAR:
                await self._keep_position(target, page.after)
            position = page.after
            if not page.more:
                return

    async def _position(self, target: Target, seen: int) -> int:
        """Where to go on; the first time, what was the newest then, so that it counts at once."""

        def unit(tx: Transaction) -> int:
            found = settings.get(tx, target.number, target.setting)
            if found is None:
                settings.put(tx, target.number, target.setting, str(seen))
            return seen if found is None else int(found)

        found = await self._engine.catalog.read(
            lambda reads: settings.get(reads, target.number, target.setting)
        )
        return int(found) if found is not None else await self._engine.catalog.write(unit)

    async def _keep_position(self, target: Target, seq: int) -> None:
        await self._engine.catalog.write(
            lambda tx: settings.put(tx, target.number, target.setting, str(seq))
        )

    async def _tell(
        self,
        target: Target,
        wanted: tuple[Notification, ...],
        found: tuple[Event, ...],
        session: aiohttp.ClientSession,
    ) -> bool:
        """Whether there was anything to tell."""
        told = False
        for event in found:
            for notification in _matching(wanted, event):
                await self._insist(
                    target, record(event, target, notification, self._region), session
                )
                told = True
        return told

    async def _insist(
        self, target: Target, body: dict[str, Any], session: aiohttp.ClientSession
    ) -> None:
        """Until it is taken, or the webhook is there no more."""
        delay = FIRST_DELAY
        while (webhook := self._webhooks.get(target.webhook)) is not None:
            if await _sent(webhook, body, self._engine.now() // 1_000_000, session):
                return
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)


def _configured(reads: Reads) -> list[tuple[Target, tuple[Notification, ...]]]:
    return [
        (target, wanted)
        for number, text in settings.holders(reads, SETTING)
        for target, wanted in _targets_of(reads, number, from_setting(text))
    ]


def _targets_of(
    reads: Reads, number: int, found: tuple[Notification, ...]
) -> Iterator[tuple[Target, tuple[Notification, ...]]]:
    uid = buckets.uids(reads, [number]).get(number)
    row = uid and buckets.by_uid(reads, uid)
    if not row:
        return
    for name in sorted({each.webhook for each in found if each.webhook}):
        wanted = tuple(each for each in found if each.webhook == name)
        yield Target(number, row.uid, row.shown, row.owner, name), wanted


def _matching(wanted: tuple[Notification, ...], event: Event) -> Iterator[Notification]:
    name, key = NAMES.get(event.kind), event.key
    if name is not None and key is not None:
        yield from (each for each in wanted if each.wants(f"s3:{name}", key))


def record(event: Event, target: Target, wanted: Notification, region: str) -> dict[str, Any]:
    """The message ("Event message structure" in the S3 user guide). Keys are encoded in it as
    in a form; `sequencer` orders what happened to a key."""
    name = NAMES[event.kind]
    return {
        "EventName": f"s3:{name}",
        "Key": f"{target.name}/{event.key}",
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": region,
                "eventTime": to_iso(event.time),
                "eventName": name,
                "userIdentity": {"principalId": event.actor},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": wanted.id,
                    "bucket": {
                        "name": target.name,
                        "ownerIdentity": {"principalId": canonical_id(target.owner)},
                        "arn": f"arn:aws:s3:::{target.name}",
                    },
                    "object": {
                        "key": quote_plus(event.key or "", safe="/"),
                        "size": event.size or 0,
                        "revision": event.number,
                        "sequencer": f"{event.seq:016X}",
                    },
                },
            }
        ],
    }


async def _sent(
    webhook: Webhook, body: dict[str, Any], now: int, session: aiohttp.ClientSession
) -> bool:
    """Whether it was taken. Redirections are not followed: the address is what was agreed."""
    text = json.dumps(body, separators=(",", ":"))
    [about] = body["Records"]
    id = f"{about['s3']['object']['sequencer']}-{about['s3']['configurationId']}"
    try:
        async with session.post(
            webhook.url,
            data=text.encode(),
            headers={"content-type": "application/json", **signed(webhook.secret, id, now, text)},
            allow_redirects=False,
        ) as answer:
            taken = 200 <= answer.status < 300
            if not taken:
                _log.warning("webhook %s answered %s", webhook.name, answer.status)
            return taken
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        _log.warning("webhook %s cannot be reached: %s", webhook.name, type(error).__name__)
        return False


def signed(secret: str, id: str, now: int, text: str) -> dict[str, str]:
    """The headers by which a receiver knows who sent it, and that it did not see it before
    ("Signature scheme" of Standard Webhooks). `now` in seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(key, f"{id}.{now}.{text}".encode(), "sha256")
    return {
        "webhook-id": id,
        "webhook-timestamp": str(now),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
