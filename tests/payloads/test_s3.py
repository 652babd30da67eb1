from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import aclosing, nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from holdall.core.errors import InvalidArgument, OutcomeUnknown, StoreError
from holdall.payloads.s3 import S3Payloads, writing
from holdall.payloads.s3.writing import S3Writing
from holdall.s3.client import Retries, S3Client
from holdall.s3.client.parts import IN_FLIGHT, MOST_PARTS, PART, part_size
from holdall.testing import PayloadStoreTests
from holdall.testing.loopback import S3Server
from holdall.testing.moto import MotoServer
from holdall.testing.payloads import fetched, listed, stored, write
from holdall.testing.seaweed import SeaweedServer

MIB = 1024 * 1024
NUMBERS = itertools.count()


async def emptied(server: S3Server) -> tuple[S3Client, str]:
    """A client and a bucket of its own."""
    client = S3Client(server.endpoint_url, server.credentials, retries=Retries(first=0.01))
    bucket = f"payloads-{next(NUMBERS)}"
    await client.create_bucket(bucket)
    return client, bucket


class S3PayloadsTests(PayloadStoreTests):
    @pytest.fixture
    async def place(self, server: S3Server) -> AsyncIterator[tuple[S3Client, str]]:
        client, bucket = await emptied(server)
        yield client, bucket
        await client.aclose()

    @pytest.fixture
    async def store(self, place: tuple[S3Client, str]) -> AsyncIterator[S3Payloads]:
        store = S3Payloads(*place, "below/")
        yield store
        await store.aclose()

    async def test_nothing_is_left_of_the_way_there(
        self, store: S3Payloads, place: tuple[S3Client, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writing, "SPAN", 5 * MIB)  # the least that S3 takes as a part
        data = await stored(store, "a", 3 * PART + 7)
        await stored(store, "b", 7)
        assert await fetched(store, "a", 0, len(data)) == data
        assert await left_over(place) == []
        assert await keys(place) == ["below/data/a", "below/data/b"]

    async def test_the_bytes_held_are_few(self, store: S3Payloads) -> None:
        gate, begun, held = asyncio.Event(), asyncio.Event(), 0

        async def slow(*args: object, **options: object) -> object:
            nonlocal held
            held += len(args[4])  # type: ignore[arg-type]
            begun.set()
            await gate.wait()
            return await S3Client.put_part(client, *args, **options)  # type: ignore[arg-type]

        client = store._place.client
        client.put_part = slow  # type: ignore[method-assign, assignment]
        async with aclosing(await store.begin()) as sending:
            filling = asyncio.create_task(fill(sending, 12 * PART))
            await begun.wait()
            for _ in range(1000):  # turns of the loop, in which nothing is to happen
                await asyncio.sleep(0)
            assert not filling.done()
            assert held <= IN_FLIGHT
            gate.set()
            await filling
            await sending.finish("a")
        assert await listed(store) == {"a": 12 * PART}

    @pytest.mark.parametrize("step", ["create_upload", "put_part", "copy_part", "complete_upload"])
    @pytest.mark.parametrize("nth", [1, 2])
    async def test_a_step_that_fails_leaves_nothing(
        self, store: S3Payloads, place: tuple[S3Client, str], step: str, nth: int
    ) -> None:
        fail_at(store, step, nth)
        # There is one copy only, and the completion that makes the payload is tried again.
        failed = nth == 1 or step not in ("copy_part", "complete_upload")
        sending = await store.begin()
        with pytest.raises(StoreError) if failed else nullcontext():
            await fill(sending, 2 * PART)
            await sending.finish("a")
        await sending.aclose()
        assert await listed(store) == ({} if failed else {"a": 2 * PART})
        if step == "create_upload":  # its id is lost, so only its age can tell
            assert await aged(place).sweep() == 1
        assert await left_over(place) == []

    @pytest.mark.parametrize("step", ["put_part", "copy_part", "complete_upload", "put"])
    async def test_who_is_cancelled_leaves_nothing(
        self, store: S3Payloads, place: tuple[S3Client, str], step: str
    ) -> None:
        reached = hang_at(store, step)
        task = asyncio.create_task(stored(store, "a", 7 if step == "put" else 2 * PART))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await listed(store) == {}
        assert await left_over(place) == []

    @pytest.mark.parametrize("size", [7, PART + 1])
    @pytest.mark.parametrize("arrived", [True, False])
    async def test_a_lost_answer_is_asked_about(
        self, store: S3Payloads, place: tuple[S3Client, str], size: int, arrived: bool
    ) -> None:
        lose_at(store, "put" if size == 7 else "complete_upload", "below/data/a", arrived)
        data = await stored(store, "a", size)
        assert await fetched(store, "a", 0, size) == data
        assert await left_over(place) == []

    @pytest.mark.parametrize("size", [7, PART + 1])
    async def test_what_another_has_written_is_not_ours(
        self, store: S3Payloads, place: tuple[S3Client, str], size: int
    ) -> None:
        await stored(store, "a", 3)
        lose_at(store, "put" if size == 7 else "complete_upload", "below/data/a", False)
        with pytest.raises(StoreError):
            await stored(store, "a", size)
        assert await listed(store) == {"a": 3}
        assert await left_over(place) == []

    async def test_a_large_payload_is_never_overwritten(
        self, store: S3Payloads, place: tuple[S3Client, str]
    ) -> None:
        await write(store, "a", [b"first"])
        with pytest.raises(StoreError):
            await stored(store, "a", PART + 1)
        assert await fetched(store, "a", 0, 5) == b"first"
        assert await left_over(place) == []

    async def test_what_dead_writers_left_is_swept_when_it_is_old(
        self, store: S3Payloads, place: tuple[S3Client, str]
    ) -> None:
        client, bucket = place
        await stored(store, "kept", 7)
        for key in ("below/staging/1", "below/data/dead", "elsewhere/staging/1"):
            upload = await client.create_upload(bucket, key)
            await client.put_part(bucket, key, upload, 1, b"part")
        await client.put(bucket, "below/staging/2", b"staged")
        await client.put(bucket, "elsewhere/2", b"not ours")
        assert await store.sweep() == 0, "a day has not passed"
        assert await aged(place).sweep() == 3
        assert await aged(place).sweep() == 0
        assert await listed(store) == {"kept": 7}
        assert await left_over(place) == ["elsewhere/staging/1"]
        assert await keys(place) == ["below/data/kept", "elsewhere/2"]

    async def test_a_bucket_that_is_not_there(self, place: tuple[S3Client, str]) -> None:
        """It is no bucket of the caller's, so it is no BucketNotFound."""
        store = S3Payloads(place[0], "no-such-bucket")
        for size in (7, PART + 1):
            with pytest.raises(StoreError):
                await stored(store, "a", size)
        for call in (store.read("a", 0, 1), listed(store), store.delete(["a"]), store.sweep()):
            with pytest.raises(StoreError):
                await call

    async def test_a_payload_that_goes_while_it_is_read(
        self, store: S3Payloads, place: tuple[S3Client, str]
    ) -> None:
        await stored(store, "a", 7)
        async with aclosing(await store.read("a", 0, 7)) as reading:
            reading._chunks._drop()  # type: ignore[union-attr]
            await store.delete(["a"])
            with pytest.raises(StoreError):
                await anext(reading)


def aged(place: tuple[S3Client, str]) -> S3Payloads:
    """The same store, a day later."""
    later = datetime.now(UTC) + timedelta(days=1, minutes=1)
    return S3Payloads(*place, "below/", now=lambda: later)


def fail_at(store: S3Payloads, step: str, nth: int) -> None:
    """The `nth` call of a method of the client fails, once its request is done."""
    client, calls = store._place.client, itertools.count(1)
    method = getattr(client, step)

    async def failing(*args: object, **options: object) -> object:
        number = next(calls)
        if step == "complete_upload" and number == nth:
            raise OutcomeUnknown("lost on the way")
        result = await method(*args, **options)
        if number == nth:
            raise OutcomeUnknown("lost on the way back")
        return result

    setattr(client, step, failing)


def lose_at(store: S3Payloads, step: str, lost: str, arrived: bool) -> None:
    """The first answer about the key `lost` is lost, or the request was."""
    client, calls = store._place.client, itertools.count(1)
    method = getattr(client, step)

    async def losing(bucket: str, key: str, *args: object, **options: object) -> object:
        doubtful = key == lost and next(calls) == 1
        result = None
        if arrived or not doubtful:
            result = await method(bucket, key, *args, **options)
        if doubtful:
            raise OutcomeUnknown("lost")
        return result

    setattr(client, step, losing)


def hang_at(store: S3Payloads, step: str) -> asyncio.Event:
    """A method of the client that never comes to its end; set when it was begun."""
    reached = asyncio.Event()

    async def hanging(*args: object, **options: object) -> object:
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody wakes it")

    setattr(store._place.client, step, hanging)
    return reached


async def fill(sending: S3Writing, size: int) -> None:
    for _ in range(0, size, MIB):
        await sending.write(bytes(MIB))


async def left_over(place: tuple[S3Client, str]) -> list[str]:
    """The keys of unfinished uploads, and of what is still being put together."""
    client, bucket = place
    uploads = [upload.key async for upload in client.each_upload(bucket)]
    return uploads + [key for key in await keys(place) if "staging" in key]


async def keys(place: tuple[S3Client, str]) -> list[str]:
    client, bucket = place
    return [entry.key async for entry in client.each(bucket)]


@pytest.mark.parametrize("prefix", ["/", "a", "/a/"])
def test_prefixes_that_are_none(prefix: str) -> None:
    with pytest.raises(InvalidArgument):
        S3Payloads(S3Client("http://127.0.0.1:1", None), "bucket", prefix)


def test_parts_grow_so_that_ten_thousand_are_enough() -> None:
    sizes = [part_size(number) for number in range(MOST_PARTS)]
    assert sizes[0] == PART
    assert sizes == sorted(sizes)
    assert sum(sizes) > 5 * 1024**4
    assert sizes[-1] <= 5 * 1024**3


class TestMoto(S3PayloadsTests):
    @pytest.fixture
    def server(self, moto_server: MotoServer) -> MotoServer:
        return moto_server


class TestSeaweed(S3PayloadsTests):
    @pytest.fixture
    def server(self, seaweed_server: SeaweedServer) -> SeaweedServer:
        return seaweed_server
