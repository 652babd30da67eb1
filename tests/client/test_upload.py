"""Uploads of files and directories."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from holdall import Client, Conflict, HoldallError, InvalidArgument, IsADirectory
from holdall.backends.engine import EngineBackend
from tests.client.helpers import Recorder, content, keys, put_all, within

pytestmark = pytest.mark.usefixtures("bucket")

LATER = 4_000_000_000  # seconds since 1970, beyond any clock


def write(path: Path, data: bytes = b"1") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


async def test_a_file_from_a_url_a_text_and_a_path(client: Client, local: Path) -> None:
    path = write(local / "a file%20.txt", b"abc")
    for number, src in enumerate((URL(path.as_uri()), path.as_uri(), str(path), path)):
        await client.buckets.upload_file(src, URL(f"blob:box/{number}"))
        assert await content(client, str(number)) == b"abc"


async def test_progress_of_a_file(client: Client, local: Path) -> None:
    path = write(local / "file", b"x" * 2_500_000)
    progress = Recorder()
    await client.buckets.upload_file(path, "blob:box/key", progress=progress)
    assert [kind for kind, _ in progress.events] == ["start", "step", "step", "step", "complete"]
    assert [step.current for step in progress.of("step")] == [1048576, 2097152, 2_500_000]
    start = progress.of("start")[0]
    assert (start.src, start.size) == (URL(path.as_uri()), 2_500_000)
    assert start.dst == URL("blob://local/ann/box/key")


@pytest.mark.parametrize("at", ["start", "step"])
async def test_a_callback_that_raises_stops_and_stores_nothing(
    client: Client, local: Path, at: str
) -> None:
    path = write(local / "file", b"x" * 2_500_000)
    with pytest.raises(OSError, match="enough"):
        await client.buckets.upload_file(
            path, "blob:box/key", progress=Recorder(at, OSError("enough"))
        )
    assert await keys(client) == []


async def test_update_uploads_what_is_newer_or_missing(client: Client, local: Path) -> None:
    path = write(local / "file", b"first")
    progress = Recorder()
    await client.buckets.upload_file(path, "blob:box/key", update=True)
    os.utime(path, (1, 1))
    path_later = write(local / "other", b"second")
    os.utime(path_later, (1, 1))
    await client.buckets.upload_file(path_later, "blob:box/key", update=True, progress=progress)
    assert await content(client, "key") == b"first"
    assert [kind for kind, _ in progress.events] == ["skip"]
    os.utime(path_later, (LATER, LATER))
    await client.buckets.upload_file(path_later, "blob:box/key", update=True)
    assert await content(client, "key") == b"second"


@pytest.mark.parametrize("change", ["grow", "shrink", "rewrite"])
async def test_a_file_that_changes_meanwhile_is_not_stored(
    client: Client, local: Path, change: str
) -> None:
    path = write(local / "file", b"x" * 2_500_000)

    class Changing(Recorder):
        def step(self, data: object) -> None:
            if change == "rewrite":
                os.utime(path, (1, 1))
            else:
                os.truncate(path, 3_000_000 if change == "grow" else 2_000_000)

    with pytest.raises(Conflict, match="changed while"):
        await client.buckets.upload_file(path, "blob:box/key", progress=Changing())
    assert await keys(client) == []


async def test_what_is_no_file(client: Client, local: Path) -> None:
    with pytest.raises(IsADirectory):
        await client.buckets.upload_file(local, "blob:box/key")
    with pytest.raises(FileNotFoundError):
        await client.buckets.upload_file(local / "nothing", "blob:box/key")
    with pytest.raises(InvalidArgument):
        await client.buckets.upload_file(write(local / "file"), "blob:box")
    with pytest.raises(InvalidArgument):
        await client.buckets.upload_file(URL("http://host/file"), "blob:box/key")
    assert await keys(client) == []


async def test_a_tree_with_its_empty_directories(client: Client, local: Path) -> None:
    write(local / "a" / "b" / "deep", b"deep")
    write(local / "top", b"top")
    write(local / ".hidden", b"hidden")
    (local / "a" / "empty").mkdir()
    progress = Recorder()
    await client.buckets.upload_dir(local, "blob:box/into", progress=progress)
    expected = ["into/.hidden", "into/a/b/deep", "into/a/empty/", "into/top"]
    assert await keys(client) == expected
    assert await content(client, "into/a/b/deep") == b"deep"
    marker = await client.buckets.head_blob("box", "into/a/empty/")
    assert (marker.size, marker.is_dir()) == (0, True)
    await client.buckets.upload_dir(local, "blob:box/into/")
    assert await keys(client) == expected
    assert (await client.buckets.head_blob("box", "into/a/empty/")).revision == 0


async def test_the_order_of_a_trees_events(client: Client, local: Path) -> None:
    write(local / "top")
    write(local / "sub" / "file")
    write(local / "sub" / "deeper" / "one")
    progress = Recorder()
    await client.buckets.upload_dir(local, "blob:box", progress=progress)
    within(progress, {"local": ["top", "sub"], "sub": ["file", "deeper"], "deeper": ["one"]})


async def test_files_of_several_directories_are_sent_at_once(
    client: Client, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        write(local / f"{number}" / "deep" / "file")
    put, everybody = EngineBackend.put, asyncio.Barrier(4)

    async def together(*place: Any, **how: Any) -> Any:
        await asyncio.wait_for(everybody.wait(), 30)
        return await put(*place, **how)

    monkeypatch.setattr(EngineBackend, "put", together)
    await client.buckets.upload_dir(local, "blob:box")
    assert await keys(client) == [f"{number}/deep/file" for number in range(4)]


async def test_filter_sees_relative_paths_and_prunes(client: Client, local: Path) -> None:
    for name in ("keep", "drop", "in/keep", "in/drop", "out/keep"):
        write(local / name)
    asked: list[str] = []

    async def wanted(path: str) -> bool:
        asked.append(path)
        return "drop" not in path and path != "out/"

    progress = Recorder()
    await client.buckets.upload_dir(local, "blob:box", filter=wanted, progress=progress)
    assert await keys(client) == ["in/keep", "keep"]
    assert sorted(asked) == ["drop", "in/", "in/drop", "in/keep", "keep", "out/"]
    assert len(progress.of("skip")) == 3


async def test_links_are_followed_and_circles_reported(client: Client, local: Path) -> None:
    write(local / "real" / "file", b"real")
    (local / "to_dir").symlink_to("real")
    (local / "to_file").symlink_to("real/file")
    (local / "real" / "up").symlink_to("..")
    (local / "self").symlink_to("self")
    (local / "nowhere").symlink_to("missing")
    with pytest.raises(HoldallError) as caught:
        await client.buckets.upload_dir(local, "blob:box")
    assert await keys(client) == ["real/file", "to_dir/file", "to_file"]
    failed = {failure.route.src.path.removeprefix(str(local)) for failure in caught.value.failed}
    assert failed == {"/self", "/nowhere", "/real/up/", "/to_dir/up/"} or failed == {
        "/self", "/nowhere", "/real/up", "/to_dir/up",
    }  # fmt: skip


async def test_what_cannot_be_uploaded_is_reported_and_the_rest_goes_on(
    client: Client, local: Path
) -> None:
    write(local / "good")
    os.mkfifo(local / "pipe")
    write(local / os.fsdecode(b"bad\xff"))
    progress = Recorder()
    with pytest.raises(HoldallError, match="2 could not be transferred") as caught:
        await client.buckets.upload_dir(local, "blob:box", progress=progress)
    assert await keys(client) == ["good"]
    assert len(caught.value.failed) == len(progress.of("fail")) == 2


async def test_a_callbacks_error_in_a_tree_is_not_a_files_failure(
    client: Client, local: Path
) -> None:
    for number in range(40):
        write(local / f"{number:02}")
    progress = Recorder("start", OSError("enough"))
    with pytest.raises(OSError, match="enough"):
        await client.buckets.upload_dir(local, "blob:box", progress=progress)
    assert progress.of("fail") == []
    assert await keys(client) == []


async def test_a_tree_deeper_than_pythons_stack(client: Client, local: Path) -> None:
    depth = 400
    path = local
    for _ in range(depth):
        path = path / "d"
    write(path / "file", b"deep")
    await client.buckets.upload_dir(local, "blob:box")
    assert await keys(client) == ["d/" * depth + "file"]


async def test_no_directory(client: Client, local: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await client.buckets.upload_dir(local / "nothing", "blob:box")
    with pytest.raises(NotADirectoryError):
        await client.buckets.upload_dir(write(local / "file"), "blob:box")
    await put_all(client, "still works")


@pytest.mark.parametrize(("ahead", "age", "kept"), [(1, 0.5, b"file"), (-1, -0.5, b"blob")])
async def test_update_goes_by_one_clock(
    client: Client,
    local: Path,
    monkeypatch: pytest.MonkeyPatch,
    ahead: int,
    age: float,
    kept: bytes,
) -> None:
    """In hours, how far the store's clock is ahead and how old the file is by ours. The newer
    of the two is what both are in the end."""
    await client.buckets.put_blob("box", "key", b"blob")
    path = write(local / "file", b"file")
    changed = time.time() - age * 3600
    os.utime(path, (changed, changed))
    monkeypatch.setattr(EngineBackend, "clock_skew", timedelta(hours=ahead))
    await client.buckets.upload_file(path, "blob:box/key", update=True)
    assert await content(client, "key") == kept
    await client.buckets.download_file("blob:box/key", path, update=True)
    assert path.read_bytes() == kept
