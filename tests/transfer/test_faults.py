"""A store that fails now and then, and what a transfer leaves when it is stopped."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from holdall import Busy, Client, connect
from holdall.backends.protocol import Upload
from holdall.client.connection import Opened
from holdall.client.patience import Patience
from holdall.client.scheduling import Limits
from holdall.core.sources import chunks
from holdall.transfer.transfers import Transfers
from tests.client.helpers import Recorder, keys

from .killing import digest_of, fill

SIZE = 40 * 1024 * 1024
URI = "blob:box/large"


class Unsteady:
    """A backend whose every request of certain kinds fails `times` times, then works."""

    def __init__(self, backend: Any, times: int) -> None:
        self._backend = backend
        self._times = times
        self.calls: Counter[object] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def fail(self, what: object) -> None:
        self.calls[what] += 1
        if self.calls[what] <= self._times:
            raise Busy("injected: too much to do")

    async def put(self, bucket: str, key: str, source: Any, **options: Any) -> Any:
        if self.calls["put", key] < self._times:
            async for _ in chunks(source):  # it fails when some of it was sent
                break
        self.fail(("put", key))
        return await self._backend.put(bucket, key, source, **options)

    async def open(self, bucket: str, key: str, **options: Any) -> Any:
        self.fail(("open", key, options.get("span")))
        return await self._backend.open(bucket, key, **options)

    async def resume_upload(self, bucket: str, key: str, id: str) -> Upload:
        return UnsteadyUpload(self, await self._backend.resume_upload(bucket, key, id))  # type: ignore[return-value]


class UnsteadyUpload:
    def __init__(self, unsteady: Unsteady, upload: Upload) -> None:
        self._unsteady = unsteady
        self._upload = upload

    def __getattr__(self, name: str) -> Any:
        return getattr(self._upload, name)

    async def part(self, number: int, source: Any, **options: Any) -> Any:
        self._unsteady.fail(("part", number))
        return await self._upload.part(number, source, **options)


@pytest.fixture
async def steady(tmp_path: Path) -> AsyncIterator[Client]:
    async with connect(tmp_path / "store", owner="ann") as client:
        await client.buckets.create("box")
        yield client
        assert list(await client.check(scrub=True)) == []


def unsteady(steady: Client, tmp_path: Path, times: int) -> tuple[Client, Transfers]:
    """A client that meets the failures, and patience that costs no time."""

    async def opening() -> Opened:
        backend = (await steady.place("blob:box")).backend
        return Opened(Unsteady(backend, times))  # type: ignore[arg-type]

    client = Client(opening, username="ann")
    limits = Limits(patience=Patience(attempts=3, first=0.0))
    return client, Transfers(client, tmp_path / "journal", limits=limits)


async def test_requests_that_fail_twice_arrive(steady: Client, local: Path, tmp_path: Path) -> None:
    _, transfers = unsteady(steady, tmp_path, 2)
    digest = fill(local / "large", SIZE)
    (local / "small").write_bytes(b"small")
    await transfers.sync(str(local), "blob:box")
    await transfers.sync("blob:box", str(tmp_path / "back"))
    assert digest_of(tmp_path / "back" / "large") == digest
    assert (tmp_path / "back" / "small").read_bytes() == b"small"


async def test_one_failure_too_many_is_told_and_can_go_on(
    steady: Client, local: Path, tmp_path: Path
) -> None:
    _, transfers = unsteady(steady, tmp_path, 3)
    digest = fill(local / "large", SIZE)
    with pytest.raises(Busy):
        await transfers.buckets.upload_file(local / "large", URI)
    assert await keys(steady) == []
    patient = Transfers(steady, tmp_path / "journal")
    [entry] = await patient.unfinished()
    await patient.resume(entry.id)
    await steady.buckets.download_file(URI, tmp_path / "back")
    assert digest_of(tmp_path / "back") == digest


async def test_an_upload_that_is_cancelled_without_a_journal_leaves_nothing(
    steady: Client, local: Path
) -> None:
    fill(local / "large", SIZE)
    moving = asyncio.Event()

    class Telling(Recorder):
        def step(self, data: Any) -> None:
            moving.set()

    task = asyncio.ensure_future(
        steady.buckets.upload_file(local / "large", URI, progress=Telling())
    )
    await moving.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    place = await steady.place(URI)
    assert await place.backend.list_uploads(place.bucket.id) == []
    assert await keys(steady) == []


async def test_a_sync_that_is_cancelled_leaves_whole_files_only(
    steady: Client, local: Path, tmp_path: Path
) -> None:
    for number in range(60):
        await steady.buckets.put_blob("box", f"{number:02}", f"{number:02}".encode() * 500_000)
    transfers = Transfers(steady, tmp_path / "journal")
    some = asyncio.Event()

    class Telling(Recorder):
        def complete(self, data: Any) -> None:
            super().complete(data)
            if len(self.of("complete")) == 5:
                some.set()

    task = asyncio.ensure_future(transfers.sync("blob:box", str(local), progress=Telling()))
    await some.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    left = os.listdir(local)
    assert 5 <= len(left) < 60
    for name in left:
        assert (local / name).read_bytes() == name.encode() * 500_000
    await transfers.sync("blob:box", str(local))
    assert len(os.listdir(local)) == 60


async def test_a_callback_that_raises_stops_a_sync(
    steady: Client, local: Path, tmp_path: Path
) -> None:
    for name in ("a", "b", "c"):
        (local / name).write_bytes(b"x")

    class Broken(Exception):
        pass

    with pytest.raises(Broken):
        await Transfers(steady, tmp_path / "journal").sync(
            str(local), "blob:box", progress=Recorder("start", Broken())
        )
    assert await keys(steady) == []
