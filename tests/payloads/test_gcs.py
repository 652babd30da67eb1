from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from holdall.core.errors import InvalidArgument, OutcomeUnknown, StoreError
from holdall.payloads.gcs import GcsClient, GcsPayloads
from holdall.payloads.gcs.resumable import CHUNK
from holdall.s3.client.retrying import Retries
from holdall.testing import PayloadStoreTests
from holdall.testing.gcs import GcsServer, gcs_server
from holdall.testing.payloads import fetched, listed, stored

__all__ = ["gcs_server"]

NUMBERS = itertools.count()
Place = tuple[GcsClient, str]


class TestFakeGcs(PayloadStoreTests):
    @pytest.fixture
    async def place(self, gcs_server: GcsServer) -> AsyncIterator[Place]:
        client = GcsClient(
            None, gcs_server.project, endpoint=gcs_server.endpoint_url, retries=Retries(first=0.01)
        )
        bucket = f"payloads-{next(NUMBERS)}"
        await client.create_bucket({"name": bucket})
        yield client, bucket
        await client.aclose()

    @pytest.fixture
    async def store(self, place: Place) -> AsyncIterator[GcsPayloads]:
        store = GcsPayloads(*place, "below/")
        yield store
        await store.aclose()

    async def test_nothing_is_left_of_the_way_there(self, store: GcsPayloads, place: Place) -> None:
        data = await stored(store, "a", 3 * CHUNK + 7)
        await stored(store, "b", 7)
        assert await fetched(store, "a", 0, len(data)) == data
        assert await keys(place) == ["below/data/a", "below/data/b"]

    async def test_what_dead_writers_left_is_swept_when_it_is_old(
        self, store: GcsPayloads, place: Place
    ) -> None:
        client, bucket = place
        await stored(store, "kept", 7)
        for key in ("below/staging/2", "elsewhere/2"):
            await client.insert(bucket, {"name": key, "contentType": "a/b"}, b"staged")
        assert await store.sweep() == 0, "a day has not passed"
        assert await aged(place).sweep() == 1
        assert await aged(place).sweep() == 0
        assert await keys(place) == ["below/data/kept", "elsewhere/2"]

    @pytest.mark.parametrize("step", ["upload", "rewrite"])
    async def test_a_step_that_fails_leaves_nothing(
        self,
        store: GcsPayloads,
        place: Place,
        step: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async def lost(*args: object, **options: object) -> object:
            raise StoreError("lost on the way")

        writing = await store.begin()
        with monkeypatch.context() as patch, pytest.raises(StoreError):
            patch.setattr(place[0], step, lost)
            await writing.write(bytes(2 * CHUNK))
            await writing.finish("a")
        await writing.aclose()
        assert await listed(store) == {}
        assert await keys(place) == []

    @pytest.mark.parametrize("size", [7, CHUNK + 1])
    @pytest.mark.parametrize("arrived", [True, False])
    async def test_a_lost_answer_is_asked_about(
        self,
        store: GcsPayloads,
        place: Place,
        size: int,
        arrived: bool,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        lose_first(monkeypatch, place[0], "insert" if size == 7 else "rewrite", arrived)
        data = await stored(store, "a", size)
        assert await fetched(store, "a", 0, size) == data
        assert await keys(place) == ["below/data/a"]

    async def test_what_another_has_written_is_not_ours(
        self, store: GcsPayloads, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await stored(store, "a", 3)
        lose_first(monkeypatch, place[0], "insert", False)
        with pytest.raises(StoreError):
            await stored(store, "a", 7)
        assert await listed(store) == {"a": 3}

    async def test_a_bucket_that_is_not_there(self, place: Place) -> None:
        """It is no bucket of the caller's, so it is no BucketNotFound."""
        store = GcsPayloads(place[0], "no-such-bucket")
        with pytest.raises(StoreError):
            await stored(store, "a", 7)
        for call in (store.read("a", 0, 1), listed(store), store.delete(["a"]), store.sweep()):
            with pytest.raises(StoreError):
                await call


def lose_first(monkeypatch: pytest.MonkeyPatch, owner: object, step: str, arrived: bool) -> None:
    """The first answer of a method is lost, or the request was."""
    method, calls = getattr(owner, step), itertools.count(1)

    async def losing(*args: object, **options: object) -> object:
        first = next(calls) == 1
        result = await method(*args, **options) if arrived or not first else None
        if first:
            raise OutcomeUnknown("lost")
        return result

    monkeypatch.setattr(owner, step, losing)


def aged(place: Place) -> GcsPayloads:
    """The same store, a day later."""
    later = datetime.now(UTC) + timedelta(days=1, minutes=1)
    return GcsPayloads(*place, "below/", now=lambda: later)


async def keys(place: Place) -> list[str]:
    client, bucket = place
    return [
        each["name"] async for page in client.pages(bucket, {}) for each in page.get("items", ())
    ]


@pytest.mark.parametrize("prefix", ["/", "a", "/a/"])
def test_prefixes_that_are_none(prefix: str) -> None:
    with pytest.raises(InvalidArgument):
        GcsPayloads(GcsClient(None), "bucket", prefix)
