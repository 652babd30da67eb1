"""Files on their way to a server and back, over connections that break and by wrong clocks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from holdall import Client, Conflict, HoldallError, TransferFailed
from holdall.backends.s3 import S3Backend
from holdall.client.patience import Patience
from holdall.client.scheduling import Limits
from holdall.testing.proxy import Answer, Asked, Choice, Cut, Fault, Hold, Proxy, Where
from holdall.testing.server import Running
from holdall.transfer.transfers import Transfers
from tests.cli.conftest import contents

from .broken import BUCKET, FLAT, SMALL, backend_at, content, keys, read, uploads_left

HUGE = content("huge", 17_000_000)
URI = f"blob:{BUCKET}/huge"
CUTS = [Cut(where) for where in Where]


@pytest.fixture
def transfers(client: Client, tmp_path: Path) -> Transfers:
    limits = Limits(patience=Patience(attempts=2, first=0))
    return Transfers(client, tmp_path / "journal", limits=limits)


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    (tmp_path / "huge").write_bytes(HUGE)
    return tmp_path / "huge"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for number in range(30):
        path = tmp_path / "tree" / f"{number % 3}" / f"{number:02}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{number:02}".encode() * 10_000)
    return tmp_path / "tree"


def every(nth: int, faults: list[Cut]) -> Choice:
    """One request in so many meets the next of the faults, but none of them twice.

    Not where an upload begins: one whose id got lost stays, which is another test's matter.
    """
    met = set[tuple[str, str]]()

    def choice(asked: Asked) -> Fault | None:
        request = (asked.method, asked.target)
        if "uploads" in asked.names or asked.number % nth != 1 or request in met:
            return None
        met.add(request)
        return faults[len(met) % len(faults)]

    return choice


async def test_a_large_file_over_a_line_that_breaks(
    transfers: Transfers, proxy: Proxy, huge: Path, tmp_path: Path
) -> None:
    proxy.choose(every(4, CUTS))
    await transfers.buckets.upload_file(huge, URI)
    await transfers.buckets.download_file(URI, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == HUGE
    assert len(proxy.met) > 3
    assert await transfers.unfinished() == []


async def test_a_tree_over_a_line_that_breaks(
    transfers: Transfers, proxy: Proxy, direct: S3Backend, tree: Path, tmp_path: Path
) -> None:
    proxy.choose(every(5, CUTS))
    await transfers.buckets.upload_dir(tree, f"blob:{BUCKET}/t")
    met = len(proxy.met)
    await transfers.buckets.download_dir(f"blob:{BUCKET}/t", tmp_path / "back")
    assert met >= len(CUTS) // 2
    assert len(proxy.met) >= len(CUTS)
    assert contents(tmp_path / "back") == contents(tree)


async def test_one_file_that_never_arrives_does_not_keep_the_others(
    transfers: Transfers, proxy: Proxy, direct: S3Backend, tree: Path
) -> None:
    doomed = f"/{BUCKET}/1/07"
    proxy.choose(lambda asked: Answer(500) if asked.target.startswith(doomed) else None)
    with pytest.raises(TransferFailed) as caught:
        await transfers.buckets.upload_dir(tree, f"blob:{BUCKET}")
    [failure] = caught.value.failed
    assert failure.route.src.path.endswith("/1/07")
    there = await keys(direct)
    assert len(there) == 29
    assert "1/07" not in there


async def test_a_download_that_never_ends_leaves_the_file(
    transfers: Transfers, proxy: Proxy, direct: S3Backend, tmp_path: Path
) -> None:
    await direct.put(BUCKET, "small", SMALL)
    (tmp_path / "down").mkdir()
    (tmp_path / "down" / "small").write_bytes(b"before")
    proxy.choose(lambda asked: Cut(Where.REPLY_HEAD) if "small" in asked.target else None)
    with pytest.raises(HoldallError):
        await transfers.buckets.download_file(f"blob:{BUCKET}/small", tmp_path / "down" / "small")
    assert (tmp_path / "down" / "small").read_bytes() == b"before"
    assert os.listdir(tmp_path / "down") == ["small"]


async def test_an_upload_that_failed_goes_on_where_it_was(
    transfers: Transfers, proxy: Proxy, direct: S3Backend, huge: Path
) -> None:
    await direct.put(BUCKET, "huge", b"before")
    second = "partNumber=2&"
    proxy.choose(lambda asked: Cut(Where.REQUEST_MIDDLE) if second in asked.target else None)
    with pytest.raises(HoldallError):
        await transfers.buckets.upload_file(huge, URI)
    assert await read(direct, "huge") == b"before"
    [left] = await uploads_left(direct)
    held = [part.number for part in await (await _upload(direct, left.id)).parts()]
    assert 2 not in held
    proxy.choose(lambda asked: None)
    await transfers.buckets.upload_file(huge, URI)
    sent = [asked.target for asked in proxy.asked if "partNumber" in asked.names]
    again = [number for number in held for target in sent if f"partNumber={number}&" in target]
    assert again == []
    assert await read(direct, "huge") == HUGE


async def _upload(direct: S3Backend, id: str) -> Any:
    return await direct.resume_upload(BUCKET, "huge", id)


@pytest.mark.parametrize("bucket", [BUCKET, FLAT])
async def test_two_contents_are_never_spliced(
    client: Client, proxy: Proxy, direct: S3Backend, bucket: str
) -> None:
    await direct.put(bucket, "key", SMALL)
    again, go_on = asyncio.Event(), asyncio.Event()

    def choice(asked: Asked) -> Fault | None:
        if "key" not in asked.target or asked.method != "GET":
            return None
        if len(proxy.met) == 0:
            return Cut(Where.REPLY_MIDDLE)
        again.set()
        return Hold(go_on)

    proxy.choose(choice)
    reading = asyncio.create_task(_fetched(client, bucket))
    await again.wait()
    await direct.put(bucket, "key", content("other", len(SMALL)))
    go_on.set()
    with pytest.raises(Conflict, match="changed"):
        await reading


async def _fetched(client: Client, bucket: str) -> bytes:
    async with client.buckets.fetch_blob(bucket, "key") as chunks:
        return b"".join([chunk async for chunk in chunks])


@pytest.fixture
def askew(server: Running, request: pytest.FixtureRequest) -> Iterator[timedelta]:
    """The server's clock is off by so many hours."""
    off = timedelta(hours=request.param)
    state = server.state
    before = state.now
    state.now = lambda: before() + off
    yield off
    state.now = before


@pytest.mark.parametrize("askew", [1, -1], indirect=True)
async def test_a_clock_an_hour_off_is_learned_of_once(
    askew: timedelta, server: Running, proxy: Proxy, direct: S3Backend
) -> None:
    backend = backend_at(proxy.endpoint_url, server.root)
    await backend.put(BUCKET, "key", SMALL)
    refused = len(proxy.asked)
    assert await read(backend, "key") == SMALL
    assert await keys(backend) == ["key"]
    assert refused == 3  # a PUT that was refused, one that was not, and a HEAD
    assert abs(backend.clock_skew - askew) < timedelta(seconds=30)
    url = await backend.sign_url(BUCKET, "key")
    assert "X-Amz-Date" in url
    await backend.delete_many(BUCKET, ["key"])
    assert len(proxy.asked) == 6
    await backend.aclose()


@pytest.mark.parametrize("askew", [1, -1], indirect=True)
async def test_a_stream_by_a_wrong_clock_is_sent_again(
    askew: timedelta, server: Running, proxy: Proxy, direct: S3Backend
) -> None:
    backend = backend_at(proxy.endpoint_url, server.root)
    upload = await backend.start_upload(BUCKET, "key")
    part = await upload.part(1, SMALL)
    await upload.complete([part])
    assert await read(direct, "key") == SMALL
    await backend.aclose()
