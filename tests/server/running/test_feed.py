"""The feed: nobody misses anything, and nobody waits for the next look of others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import HistoryGone
from holdall.engine import events
from holdall.server import feed as module
from holdall.server.feed import Feed, Wish

ALL = Wish()


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[EngineBackend]:
    found = await EngineBackend.at(tmp_path, owner="ann")
    await found.create_bucket("box")
    yield found
    await found.aclose()


async def keys(feed: Feed, count: int, wish: Wish = ALL, after: int = 0) -> list[str | None]:
    found: list[str | None] = []
    async with asyncio.timeout(20):
        async for page in feed.pages(wish, after):
            assert len(page.events) <= module.AT_ONCE
            found += [event.key for event in page.events]
            if len(found) >= count:
                return found
    raise AssertionError("the feed ended")


async def test_what_was_comes_in_bounded_pages(backend: EngineBackend) -> None:
    wanted = [f"{number:04}" for number in range(250)]
    for key in wanted:
        await backend.put("box", key, b"")
    assert await keys(Feed(backend.engine), 251) == [None, *wanted]


async def test_what_happens_here_is_told_at_once(
    backend: EngineBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL", 3600.0)
    feed = Feed(backend.engine)
    start = await feed.latest()
    listening = [asyncio.create_task(keys(feed, 2, after=start)) for _ in range(3)]
    await asyncio.sleep(0.05)
    for key in ("one", "two"):
        await backend.put("box", key, b"")
        feed.wake()
        await asyncio.sleep(0.05)
    for task in listening:
        assert await task == ["one", "two"]


async def test_what_others_write_is_seen_soon(
    backend: EngineBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL", 0.01)
    feed = Feed(backend.engine)
    listening = asyncio.create_task(keys(feed, 1, after=await feed.latest()))
    other = await EngineBackend.at(tmp_path, owner="ann")
    await other.put("box", "theirs", b"")
    await other.aclose()
    assert await listening == ["theirs"]


async def test_only_what_is_wished_for(backend: EngineBackend) -> None:
    bucket = await backend.create_bucket("other")
    for name in ("box", "other"):
        for key in ("a/1", "b/1"):
            await backend.put(name, key, b"")
    wish = Wish(bucket.id, "b/")
    assert await keys(Feed(backend.engine), 2, wish) == [None, "b/1"]


async def test_a_sign_of_life_comes_when_nothing_else_does(
    backend: EngineBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL", 0.001)
    feed = Feed(backend.engine)
    start = await feed.latest()
    empty = 0
    async with asyncio.timeout(10):
        async for page in feed.pages(ALL, start):
            assert (page.events, page.after) == ((), start)
            empty += 1
            if empty == 3:
                break


async def test_who_was_away_too_long_is_told(backend: EngineBackend) -> None:
    for key in ("a", "b", "c"):
        await backend.put("box", key, b"")
    await events.prune(backend.engine, datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(HistoryGone) as caught:
        await keys(Feed(backend.engine), 1, after=1)
    assert caught.value.floor > 1
