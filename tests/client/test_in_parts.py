"""Large blobs come in parts, several at once, and what stops on its way leaves nothing."""

from __future__ import annotations

import asyncio
import base64
import errno
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from holdall import (
    Client,
    Conflict,
    Corrupt,
    NotFound,
    PermissionDenied,
    StorageFull,
    connect,
)
from holdall.backends.azure import AzureBackend
from holdall.backends.azure.backend import AZURITE
from holdall.backends.protocol import Backend
from holdall.backends.remote import RemoteBackend
from holdall.backends.s3 import S3Backend
from holdall.client.connection import Opened
from holdall.client.courier import Courier
from holdall.client.parts import LARGE, LEAST
from holdall.client.scheduling import Limits, Scheduler
from holdall.core.checksums import digester
from holdall.core.values import PutOptions, Versioning
from holdall.payloads.azure import Account, AzureClient
from holdall.testing.azurite import AzuriteServer, azurite_server
from holdall.testing.proxy import Answer, Asked, Choice, Damage, Fault, Hold, Proxy
from tests.client.helpers import Recorder
from tests.faults.broken import BUCKET, FLAT, content, read, uploads_left
from tests.faults.conftest import backend, client, direct, proxy, server
from tests.faults.test_remote import far, line, near, whole

__all__ = ["azurite_server", "backend", "client", "direct", "proxy", "server"]
__all__ += ["far", "line", "near", "whole"]

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


# damage: what comes is not what the store has


def announcing(algorithm: str, data: bytes) -> dict[str, str]:
    """The header by which foreign tools have a checksum kept."""
    whole = digester(algorithm)
    whole.update(data)
    return {f"x-amz-checksum-{algorithm}": base64.b64encode(whole.digest()).decode()}


def damaged(number: int) -> Choice:
    """One of the requests for the bytes of the blob, by its place among them."""
    met = list[Asked]()

    def choice(asked: Asked) -> Fault | None:
        if not is_part(asked):
            return None
        met.append(asked)
        return Damage() if len(met) == number else None

    return choice


async def found_out(client: Client, proxy: Proxy, uri: str, there: Path, parts: int) -> Corrupt:
    """The error of a download, the last of whose parts was damaged: how many there are."""
    proxy.choose(damaged(parts))
    with pytest.raises(Corrupt) as caught:
        await client.buckets.download_file(uri, there)
    assert len(proxy.met) == 1
    assert sum(map(is_part, proxy.asked)) == parts
    assert untouched(there)
    return caught.value


async def keep_with(direct: S3Backend, algorithm: str) -> None:
    """Store the blob with this one checksum, as foreign tools do."""
    await direct._client.put(BUCKET, "huge", HUGE, headers=announcing(algorithm, HUGE))
    assert set((await direct.head(BUCKET, "huge")).checksums) == {algorithm}


@pytest.mark.parametrize("algorithm", ["crc64nvme", "crc32c", "crc32"])
async def test_a_part_that_was_damaged_on_its_way(
    client: Client, proxy: Proxy, direct: S3Backend, there: Path, algorithm: str
) -> None:
    await keep_with(direct, algorithm)
    error = await found_out(client, proxy, URI, there, PARTS)
    assert algorithm in error.message
    await client.buckets.download_file(URI, there)
    assert arrived(there)


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
async def test_a_checksum_that_parts_do_not_add_up_to(
    client: Client, proxy: Proxy, direct: S3Backend, there: Path, algorithm: str
) -> None:
    await keep_with(direct, algorithm)
    await found_out(client, proxy, URI, there, parts=1)
    await client.buckets.download_file(URI, there)
    assert arrived(there)


async def test_a_checksum_of_checksums_is_none_of_the_bytes(
    client: Client, proxy: Proxy, direct: S3Backend, there: Path
) -> None:
    kind = {"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": "COMPOSITE"}
    upload = await direct._client.create_upload(BUCKET, "huge", headers=kind)
    sent = announcing("crc32", HUGE)
    part = await direct._client.put_part(BUCKET, "huge", upload, 1, HUGE, headers=sent)
    named = (
        f"<Part><PartNumber>1</PartNumber><ETag>{part.etag}</ETag>"
        f"<ChecksumCRC32>{sent['x-amz-checksum-crc32']}</ChecksumCRC32></Part>"
    )
    body = f"<CompleteMultipartUpload>{named}</CompleteMultipartUpload>".encode()
    await direct._client.request("POST", BUCKET, "huge", (("uploadId", upload),), body=body)
    assert (await direct.head(BUCKET, "huge")).checksums == {}
    proxy.choose(lambda asked: None)
    await client.buckets.download_file(URI, there)
    assert arrived(there)
    assert sum(map(is_part, proxy.asked)) == PARTS


@asynccontextmanager
async def client_of(backend: Backend) -> AsyncIterator[Client]:
    async def opening() -> Opened:
        return Opened(backend)

    async with Client(opening, username="tester") as client:
        yield client


async def test_a_part_that_was_damaged_on_its_way_from_a_server(
    far: RemoteBackend, near: RemoteBackend, line: Proxy, there: Path
) -> None:
    await near.put(BUCKET, "huge", HUGE)
    async with client_of(far) as client:
        await found_out(client, line, f"blob:{BUCKET}/huge", there, PARTS)


@pytest.mark.parametrize(("algorithm", "parts"), [("md5", 1), ("crc32c", PARTS)])
async def test_damage_on_the_way_from_azure(
    azurite_server: AzuriteServer, there: Path, algorithm: str, parts: int
) -> None:
    account, container = azurite_server.account, f"damage-{algorithm}"
    async with Proxy(account.url.removesuffix(f"/{account.name}")) as proxy:
        url = f"{proxy.endpoint_url}/{account.name}"
        backend = AzureBackend(
            AzureClient(Account(url, account.name, account.key)), capabilities=AZURITE
        )
        async with client_of(backend) as client:
            await backend.create_bucket(container, versioning=Versioning.OFF)
            kept = PutOptions(checksums={algorithm: None})
            made = await backend.put(container, "huge", HUGE, options=kept)
            assert set(made.checksums) == {algorithm}
            await found_out(client, proxy, f"blob:{container}/huge", there, parts)
            await client.buckets.download_file(f"blob:{container}/huge", there)
            assert arrived(there)
            await backend.delete_bucket(container, force=True)


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
