"""Downloads of single blobs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from yarl import URL

from holdall import BlobNotFound, Client, Conflict, IsADirectory
from tests.client.helpers import Recorder, put_all

pytestmark = pytest.mark.usefixtures("bucket")

LARGE = bytes(range(256)) * 12_000  # about 3 MB
LATER = 4_000_000_000


async def put(client: Client, body: bytes = LARGE) -> None:
    await client.buckets.put_blob("box", "key", body)


def present(path: Path, data: bytes, time: int = LATER) -> Path:
    """A file that is there already. Its time is set: a file system's clock is coarse."""
    path.write_bytes(data)
    os.utime(path, (time, time))
    return path


def only(folder: Path, *names: str) -> None:
    """Nothing temporary was left over."""
    assert sorted(os.listdir(folder)) == sorted(names)


@pytest.mark.parametrize("body", [b"", b"small", LARGE])
async def test_a_file_to_a_url_a_text_and_a_path(client: Client, local: Path, body: bytes) -> None:
    await put(client, body)
    path = local / "a file"
    for dst in (URL(path.as_uri()), path.as_uri(), str(path), path):
        path.unlink(missing_ok=True)
        await client.buckets.download_file("blob:box/key", dst)
        assert path.read_bytes() == body
        only(local, "a file")


async def test_progress_of_a_file(client: Client, local: Path) -> None:
    await put(client)
    progress = Recorder()
    await client.buckets.download_file("blob:box/key", local / "file", progress=progress)
    kinds = [kind for kind, _ in progress.events]
    assert (kinds[0], kinds[-1], set(kinds[1:-1])) == ("start", "complete", {"step"})
    assert progress.of("step")[-1].current == len(LARGE)
    assert progress.of("start")[0].dst == URL((local / "file").as_uri())


async def test_a_file_that_is_there_is_replaced_and_keeps_its_mode(
    client: Client, local: Path
) -> None:
    await put(client)
    path = local / "file"
    path.write_bytes(b"before")
    path.chmod(0o640)
    await client.buckets.download_file("blob:box/key", path)
    assert path.read_bytes() == LARGE
    assert path.stat().st_mode & 0o777 == 0o640


async def test_a_link_is_written_through(client: Client, local: Path) -> None:
    await put(client, b"new")
    (local / "real").write_bytes(b"before")
    (local / "link").symlink_to("real")
    await client.buckets.download_file("blob:box/key", local / "link")
    assert (local / "link").is_symlink()
    assert (local / "real").read_bytes() == b"new"


async def test_a_device_is_never_replaced(client: Client, local: Path) -> None:
    await put(client, b"new")
    os.mkfifo(local / "pipe")
    with pytest.raises(Conflict, match="not a regular file"):
        await client.buckets.download_file("blob:box/key", local / "pipe")
    assert (local / "pipe").is_fifo()
    only(local, "pipe")


@pytest.mark.parametrize("at", ["start", "step"])
async def test_a_callback_that_raises_leaves_the_previous_file(
    client: Client, local: Path, at: str
) -> None:
    await put(client)
    (local / "file").write_bytes(b"before")
    with pytest.raises(RuntimeError, match="enough"):
        await client.buckets.download_file(
            "blob:box/key", local / "file", progress=Recorder(at, RuntimeError("enough"))
        )
    assert (local / "file").read_bytes() == b"before"
    only(local, "file")


async def test_what_is_no_blob(client: Client, local: Path) -> None:
    await put_all(client, "dir/file")
    await client.buckets.put_blob("box", "marked/", b"")
    for uri in ("blob:box/dir", "blob:box/dir/", "blob:box", "blob:box/marked/"):
        with pytest.raises(IsADirectory):
            await client.buckets.download_file(uri, local / "file")
    with pytest.raises(BlobNotFound):
        await client.buckets.download_file("blob:box/nothing", local / "file")
    with pytest.raises(IsADirectory):
        await client.buckets.download_file("blob:box/dir/file", local)
    only(local)


async def test_update_downloads_what_is_newer_or_missing(client: Client, local: Path) -> None:
    path = local / "file"
    await put(client, b"new")
    await client.buckets.download_file("blob:box/key", path, update=True)
    assert path.read_bytes() == b"new"
    present(path, b"mine")
    progress = Recorder()
    await client.buckets.download_file("blob:box/key", path, update=True, progress=progress)
    assert path.read_bytes() == b"mine"
    assert [kind for kind, _ in progress.events] == ["skip"]
    os.utime(path, (1, 1))
    await client.buckets.download_file("blob:box/key", path, update=True)
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("length", [0, 1, 1_500_000, len(LARGE)])
async def test_continue_appends_in_place(client: Client, local: Path, length: int) -> None:
    await put(client)
    path = present(local / "file", LARGE[:length])
    inode = path.stat().st_ino
    await client.buckets.download_file("blob:box/key", path, continue_=True)
    assert path.read_bytes() == LARGE
    assert path.stat().st_ino == inode
    only(local, "file")


@pytest.mark.parametrize(
    ("there", "time"),
    [
        (b"x" + LARGE[1:1_500_000], LATER),  # other bytes
        (LARGE[:1_499_999] + b"x", LATER),
        (LARGE + b"x", LATER),  # longer
        (LARGE[:1_500_000], 1),  # older
    ],
    ids=["other start", "other end", "longer", "older"],
)
async def test_continue_downloads_all_where_appending_would_be_wrong(
    client: Client, local: Path, there: bytes, time: int
) -> None:
    await put(client)
    path = present(local / "file", there, time)
    inode = path.stat().st_ino
    await client.buckets.download_file("blob:box/key", path, continue_=True)
    assert path.read_bytes() == LARGE
    assert path.stat().st_ino != inode
    only(local, "file")


async def test_continue_and_update_together(client: Client, local: Path) -> None:
    await put(client)
    path = present(local / "file", LARGE[:1000])
    await client.buckets.download_file("blob:box/key", path, continue_=True, update=True)
    assert path.read_bytes() == LARGE
    present(path, LARGE + b"mine")
    await client.buckets.download_file("blob:box/key", path, continue_=True, update=True)
    assert path.read_bytes() == LARGE + b"mine"


async def test_a_missing_folder_is_named(client: Client, local: Path) -> None:
    await put(client)
    with pytest.raises(FileNotFoundError) as caught:
        await client.buckets.download_file("blob:box/key", local / "nothing" / "file")
    assert caught.value.filename == str(local / "nothing")
