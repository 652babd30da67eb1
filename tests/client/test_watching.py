"""Following what changes below a name, in a directory and at a server; and tags."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from holdall import Bucket, Client
from holdall.client.streams import Stream
from holdall.core.errors import BlobNotFound, BucketNotFound
from holdall.core.values import Event
from tests.client.served import connected, emptied
from tests.server.whole import Whole, serving_whole

LONG = 30.0


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with serving_whole(tmp_path_factory.mktemp("served") / "store") as running:
        yield running


@pytest.fixture(params=["directory", "server"])
async def place(
    request: pytest.FixtureRequest, whole: Whole, client: Client
) -> AsyncIterator[Client]:
    """A client of either, with an empty bucket `box`."""
    async with connected(whole) as served:
        chosen = served if request.param == "server" else client
        if chosen is served:
            await emptied(served)
        await chosen.buckets.create("box")
        yield chosen


async def told(events: Stream[Event], count: int) -> list[tuple[str, str | None]]:
    async with asyncio.timeout(LONG):
        return [(event.kind, event.key) for event in [await anext(events) for _ in range(count)]]


async def test_what_happens_after_it_listens(place: Client) -> None:
    await place.buckets.put_blob("box", "d/before", b"1")
    async with place.buckets.watch("blob:box/d") as events:
        for key in ("other", "dx", "d", "d/x"):
            await place.buckets.put_blob("box", key, b"22")
        await place.buckets.set_tags("blob:box/d/x", {"a": "b"})
        await place.buckets.delete_blob("box", "d/x")
        assert await told(events, 4) == [
            ("written", "d"),
            ("written", "d/x"),
            ("tagged", "d/x"),
            ("deleted", "d/x"),
        ]


async def test_from_the_beginning_and_on_from_an_event(place: Client) -> None:
    bucket = await place.buckets.get("box")
    for key in ("a", "b"):
        await place.buckets.put_blob("box", key, b"1")
    # A server's log is that of all tests here: only this bucket's events count.
    async with place.buckets.watch("blob:box", after=0) as events, asyncio.timeout(LONG):
        found = [await anext(events) for _ in range(3)]
    assert [event.kind for event in found] == ["bucket_created", "written", "written"]
    assert {event.bucket for event in found} == {bucket.id}
    async with place.buckets.watch("blob:box", after=found[1].seq) as events:
        assert await told(events, 1) == [("written", "b")]


async def test_a_bucket_that_is_not_there(place: Client) -> None:
    with pytest.raises(BucketNotFound):
        async with place.buckets.watch("blob:none"):
            pass


async def test_what_is_waited_for_comes(client: Client, bucket: Bucket) -> None:
    async with client.buckets.watch("blob:box") as events:
        waiting = asyncio.ensure_future(told(events, 1))
        await asyncio.sleep(0)
        assert not waiting.done()
        await client.buckets.put_blob("box", "k", b"1")
        assert await waiting == [("written", "k")]


async def test_tags_are_replaced_of_a_blob_or_a_revision(place: Client) -> None:
    for content in (b"1", b"2"):
        await place.buckets.put_blob("box", "k", content, tags={"old": "1"})
    await place.buckets.set_tags("blob:box/k", {"new": "2"})
    await place.buckets.set_tags("blob:box/k", {"first": "3"}, revision=0)
    assert (await place.buckets.head_blob("box", "k")).tags == {"new": "2"}
    assert (await place.buckets.head_blob("box", "k", revision=0)).tags == {"first": "3"}
    with pytest.raises(BlobNotFound):
        await place.buckets.set_tags("blob:box/none", {"a": "b"})
