"""Large blobs come in parts, several at once, and what stops on its way leaves nothing."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from holdall import Client, Conflict, NotFound, PermissionDenied, StorageFull, connect
from holdall.backends.s3 import S3Backend
from holdall.client.courier import Courier
from holdall.client.parts import LARGE, LEAST
from holdall.client.scheduling import Limits, Scheduler
from holdall.testing.proxy import Answer, Asked, Choice, Fault, Hold, Proxy
from tests.client.helpers import Recorder
from tests.faults.broken import BUCKET, FLAT, content, read, uploads_left
from tests.faults.conftest import backend, client, direct, proxy, server

__all__ = ["backend", "client", "direct", "proxy", "server"]

PARTS = 4
HUGE = content("huge", (PARTS - 1) * LEAST + 1000)
OTHER = content("other", len(HUGE))
URI = f"blob:{BUCKET}/huge"


@pytest.fixture
async def huge(direct: S3Backend) -> None:
    for bucket in (BUCKET, FLAT):
        await direct.put(bucket, "huge", HUGE)


@pytest.fixture
def there(local: Path) -> Path:
    """A file that a download would replace."""
    (local / "file").write_bytes(b"before")
    return local / "file"


def untouched(path: Path) -> bool:
    return path.read_bytes() == b"before" and os.listdir(path.parent) == [path.name]


def arrived(path: Path) -> bool:
    return path.read_bytes() == HUGE and os.listdir(path.parent) == [path.name]


def is_part(asked: Asked) -> bool:
    return asked.method == "GET" and asked.target.partition("?")[0].endswith("/huge")


class Waiting:
    """Holds requests of one kind back until `go_on` is set, all but the first `passing`."""

    def __init__(self, kind: Callable[[Asked], bool], wanted: int, passing: int = 0) -> None:
        self._kind = kind
        self._wanted = wanted
        self._passing = passing
        self.met = 0
        self.all_there, self.go_on = asyncio.Event(), asyncio.Event()

    def __call__(self, asked: Asked) -> Fault | None:
        if not self._kind(asked):
            return None
        self.met += 1
        if self.met >= self._wanted:
            self.all_there.set()
        return Hold(self.go_on) if self.met > self._passing else None


async def test_parts_come_side_by_side(
    client: Client, proxy: Proxy, huge: None, there: Path
) -> None:
    waiting = Waiting(is_part, PARTS)
    proxy.choose(waiting)
    progress = Recorder()
    task = asyncio.create_task(client.buckets.download_file(URI, there, progress=progress))
    async with asyncio.timeout(30):
        await waiting.all_there.wait()
    waiting.go_on.set()
    await task
    assert arrived(there)
    assert waiting.met == PARTS
    told = [step.current for step in progress.of("step")]
    assert told == sorted(told)
    assert (told[-1], len(progress.of("complete"))) == (len(HUGE), 1)


async def test_a_small_blob_is_one_request(
    client: Client, proxy: Proxy, direct: S3Backend, local: Path
) -> None:
    await direct.put(BUCKET, "huge", HUGE[: LARGE - 1])
    waiting = Waiting(is_part, 1, passing=PARTS)
    proxy.choose(waiting)
    await client.buckets.download_file(URI, local / "file")
    assert (local / "file").read_bytes() == HUGE[: LARGE - 1]
    assert waiting.met == 1


async def test_a_folder_and_its_limits(client: Client, huge: None, local: Path) -> None:
    asked = list[int]()

    class Counting(Scheduler):
        async def take(self, count: int) -> None:
            asked.append(count)

    buckets = client.buckets_carried_by(Courier(Counting(Limits(parts=1, requests=1))))
    await buckets.download_dir(f"blob:{BUCKET}", local)
    assert (local / "huge").read_bytes() == HUGE
    assert sum(asked) == len(HUGE)


def refused_from(first: int, kind: Callable[[Asked], bool]) -> Choice:
    met = list[Asked]()

    def choice(asked: Asked) -> Fault | None:
        if not kind(asked):
            return None
        met.append(asked)
        return Answer(403) if len(met) >= first else None

    return choice


@pytest.mark.parametrize("first", [1, PARTS])
async def test_a_part_that_fails_leaves_nothing(
    client: Client, proxy: Proxy, huge: None, there: Path, first: int
) -> None:
    proxy.choose(refused_from(first, is_part))
    with pytest.raises(PermissionDenied):
        await client.buckets.download_file(URI, there)
    assert len(proxy.met) >= 1
    assert untouched(there)


async def test_no_room_at_the_end_leaves_nothing(
    client: Client, huge: None, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, "injected")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StorageFull):
            await client.buckets.download_file(URI, there)
    assert untouched(there)


@pytest.mark.parametrize("at", ["start", "step"])
async def test_a_callback_that_raises_ends_it(
    client: Client, huge: None, there: Path, at: str
) -> None:
    progress = Recorder(at, RuntimeError("enough"))
    with pytest.raises(RuntimeError, match="enough"):
        await client.buckets.download_file(URI, there, progress=progress)
    assert untouched(there)


@pytest.mark.parametrize("passing", [0, 2])
async def test_cancelling_leaves_nothing(
    client: Client, proxy: Proxy, huge: None, there: Path, passing: int
) -> None:
    waiting = Waiting(is_part, PARTS, passing)
    proxy.choose(waiting)
    task = asyncio.create_task(client.buckets.download_file(URI, there))
    await waiting.all_there.wait()
    files = _open_files()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    waiting.go_on.set()
    assert untouched(there)
    assert any(str(there.parent) in name for name in files)
    assert not any(str(there.parent) in name for name in _open_files())


def _open_files() -> set[str]:
    folder = Path("/proc/self/fd")
    return {os.readlink(file) for file in folder.iterdir() if file.is_symlink()}


async def replaced(direct: S3Backend, bucket: str) -> None:
    await direct.put(bucket, "huge", OTHER)


async def deleted(direct: S3Backend, bucket: str) -> None:
    await direct.delete(bucket, "huge")


Change = Callable[[S3Backend, str], Awaitable[None]]


async def changed_meanwhile(
    client: Client, proxy: Proxy, direct: S3Backend, bucket: str, target: Path, change: Change
) -> Any:
    """Download a blob, which changes when its first part is under way and no other one is."""
    waiting = Waiting(is_part, PARTS, passing=1)
    proxy.choose(waiting)
    uri = f"blob:{bucket}/huge"
    task = asyncio.create_task(client.buckets.download_file(uri, target))
    await waiting.all_there.wait()
    await change(direct, bucket)
    waiting.go_on.set()
    await task


@pytest.mark.parametrize("change", [replaced, deleted])
async def test_what_is_read_stays_where_there_are_versions(
    client: Client, proxy: Proxy, direct: S3Backend, huge: None, there: Path, change: Change
) -> None:
    await changed_meanwhile(client, proxy, direct, BUCKET, there, change)
    assert arrived(there)


@pytest.mark.parametrize(("change", "error"), [(replaced, Conflict), (deleted, NotFound)])
async def test_two_contents_are_never_joined(
    client: Client,
    proxy: Proxy,
    direct: S3Backend,
    huge: None,
    there: Path,
    change: Change,
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        await changed_meanwhile(client, proxy, direct, FLAT, there, change)
    assert untouched(there)


async def test_who_may_not_list_versions_reads_what_does_not_change(
    client: Client, proxy: Proxy, direct: S3Backend, huge: None, there: Path
) -> None:
    proxy.choose(refused_from(1, lambda asked: "versions" in asked.names))
    await client.buckets.download_file(URI, there)
    assert arrived(there)
    assert proxy.met == []


async def test_who_may_not_list_versions_is_told_of_a_change(
    client: Client, proxy: Proxy, direct: S3Backend, huge: None, there: Path
) -> None:
    async def change(direct: S3Backend, bucket: str) -> None:
        await replaced(direct, bucket)
        proxy.choose(refused_from(1, lambda asked: "versions" in asked.names))

    with pytest.raises(Conflict, match="changed"):
        await changed_meanwhile(client, proxy, direct, BUCKET, there, change)
    assert proxy.met != []
    assert untouched(there)


async def test_a_revision(client: Client, direct: S3Backend, huge: None, local: Path) -> None:
    old = (await direct.head(BUCKET, "huge")).version
    await replaced(direct, BUCKET)
    await client.buckets.download_file(URI, local / "file", revision=old)
    assert (local / "file").read_bytes() == HUGE


async def test_a_directory_is_read_in_one_go(tmp_path: Path, monkeypatch: Any) -> None:
    async with connect(tmp_path / "store", owner="ann") as client:
        await client.buckets.create("box")
        await client.buckets.put_blob("box", "huge", HUGE)
        held, opened = (await client.place("blob:box")).backend, list[Any]()

        async def opening(*where: Any, **how: Any) -> Any:
            opened.append(how.get("span"))
            return await type(held).open(held, *where, **how)

        monkeypatch.setattr(held, "open", opening)
        await client.buckets.download_file("blob:box/huge", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == HUGE
    assert opened == [None]


# uploads: a backend that takes parts makes them itself


def is_sent(asked: Asked) -> bool:
    return "partNumber" in asked.names


async def test_parts_of_a_file_go_side_by_side(
    client: Client, proxy: Proxy, direct: S3Backend, local: Path
) -> None:
    (local / "huge").write_bytes(HUGE)
    waiting = Waiting(is_sent, PARTS - 1)
    proxy.choose(waiting)
    task = asyncio.create_task(client.buckets.upload_file(local / "huge", URI))
    async with asyncio.timeout(30):
        await waiting.all_there.wait()
    waiting.go_on.set()
    await task
    assert await read(direct, "huge") == HUGE


async def test_a_part_of_a_file_that_fails_leaves_nothing(
    client: Client, proxy: Proxy, direct: S3Backend, local: Path
) -> None:
    await direct.put(BUCKET, "huge", b"before")
    (local / "huge").write_bytes(HUGE)
    proxy.choose(refused_from(PARTS, is_sent))
    with pytest.raises(PermissionDenied):
        await client.buckets.upload_file(local / "huge", URI)
    assert await read(direct, "huge") == b"before"
    assert await uploads_left(direct) == []


async def test_an_upload_that_is_cancelled_leaves_nothing(
    client: Client, proxy: Proxy, direct: S3Backend, local: Path
) -> None:
    (local / "huge").write_bytes(HUGE)
    waiting = Waiting(is_sent, 3, passing=1)
    proxy.choose(waiting)
    task = asyncio.create_task(client.buckets.upload_file(local / "huge", URI))
    await waiting.all_there.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    waiting.go_on.set()
    assert await uploads_left(direct) == []
