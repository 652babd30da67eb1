"""Faults of an older client that show on a real connection; the others stand in tests/client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from holdall import BlobNotFound, Client, HoldallError
from holdall.backends.s3 import S3Backend
from holdall.testing.proxy import Answer, Cut, Fault, Proxy, Where

from .broken import BEFORE, BUCKET, LARGE, MIDDLE, keys, uploads_left


async def fetched(client: Client, offset: int) -> bytes:
    async with client.buckets.fetch_blob(BUCKET, "key", offset=offset) as chunks:
        return b"".join([chunk async for chunk in chunks])


@pytest.mark.parametrize("offset", [0, 1, 1_500_000])
async def test_fetch_blob_goes_on_by_itself_after_a_broken_connection(
    client: Client, direct: S3Backend, proxy: Proxy, offset: int
) -> None:
    await direct.put(BUCKET, "key", MIDDLE)
    cuts = iter([Cut(Where.REPLY_MIDDLE), Cut(Where.REPLY_FIRST), Cut(Where.REPLY_LAST)])
    proxy.choose(lambda asked: next(cuts, None) if "key" in asked.target else None)
    assert await fetched(client, offset) == MIDDLE[offset:]
    assert len(proxy.met) == 3


@pytest.mark.parametrize("beyond", [0, 1])
async def test_an_offset_at_the_end_reads_empty(
    client: Client, direct: S3Backend, beyond: int
) -> None:
    await direct.put(BUCKET, "key", MIDDLE)
    assert await fetched(client, len(MIDDLE) + beyond) == b""


async def test_a_cancelled_put_blob_leaves_no_parts(
    client: Client, direct: S3Backend, proxy: Proxy
) -> None:
    moving, never = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield LARGE
        yield LARGE
        moving.set()
        await never.wait()

    putting = asyncio.create_task(client.buckets.put_blob(BUCKET, "key", body()))
    await moving.wait()
    assert any("uploads" in asked.names for asked in proxy.asked)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert await uploads_left(direct) == []
    assert await keys(direct) == []


async def test_a_failed_put_blob_leaves_no_parts(client: Client, direct: S3Backend) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield LARGE
        yield LARGE
        raise OSError("the source broke")

    with pytest.raises(OSError, match="the source broke"):
        await client.buckets.put_blob(BUCKET, "key", body())
    assert await uploads_left(direct) == []
    assert await keys(direct) == []


async def test_a_removal_that_was_cut_is_finished_by_doing_it_again(
    client: Client, direct: S3Backend, proxy: Proxy
) -> None:
    for number in range(5):
        await direct.put(BUCKET, f"t/{number}", b"x")
    proxy.choose(lambda asked: Answer(500) if "delete" in asked.names else None)
    with pytest.raises(HoldallError):
        await client.buckets.blob_rm(f"blob:{BUCKET}/t/", recursive=True)
    assert len(await keys(direct)) == 5
    proxy.choose(lambda asked: None)
    await client.buckets.blob_rm(f"blob:{BUCKET}/t/", recursive=True)
    assert await keys(direct) == []


async def test_a_listing_that_breaks_between_pages_loses_and_repeats_nothing(
    client: Client, direct: S3Backend, proxy: Proxy
) -> None:
    expected = [f"{number:04}" for number in range(1001)]
    async with asyncio.TaskGroup() as group:
        for name in expected:
            group.create_task(direct.put(BUCKET, name, b""))
    faults: dict[int, Fault] = {1: Cut(Where.REPLY_MIDDLE), 3: Answer(503), 5: Cut(Where.REPLY)}
    proxy.choose(lambda asked: faults.get(asked.number))
    async with client.buckets.list_blobs(f"blob:{BUCKET}", recursive=True) as entries:
        assert [entry.key async for entry in entries] == expected
    assert len(proxy.met) >= 2


LASTING: list[Fault] = [*map(Cut, Where), Answer(500), Answer(418), Answer(503)]


@pytest.mark.parametrize("fault", LASTING)
async def test_no_error_of_the_transport_leaks(
    client: Client, direct: S3Backend, proxy: Proxy, fault: Fault
) -> None:
    await direct.put(BUCKET, "key", BEFORE)
    proxy.choose(lambda asked: fault if "key" in asked.target else None)
    found = await asyncio.gather(fetched(client, 0), return_exceptions=True)
    if isinstance(found[0], BaseException):
        assert isinstance(found[0], HoldallError)
        assert not isinstance(found[0], BlobNotFound)
    else:
        assert found[0] == BEFORE
