"""Downloads of directories, hostile keys included."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from holdall import BlobNotFound, Client, HoldallError, NotADirectory
from holdall.backends.engine import EngineBackend
from tests.client.helpers import Recorder, keys, put_all, within

pytestmark = pytest.mark.usefixtures("bucket")


def tree(folder: Path) -> dict[str, str | None]:
    """Every file below `folder` with its text, every directory with None."""
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else None
        for path in folder.rglob("*")
    }


async def test_a_tree_comes_back_as_it_went(client: Client, local: Path) -> None:
    src = local / "src"
    (src / "a" / "empty").mkdir(parents=True)
    for name in ("top", "a/file", "a/.hidden", "a/näme ☃"):
        (src / name).write_text(name)
    await client.buckets.upload_dir(src, "blob:box/into")
    await client.buckets.download_dir("blob:box/into", local / "dst" / "new")
    assert tree(local / "dst" / "new") == tree(src)
    await client.buckets.download_dir("blob:box/into/", local / "dst" / "new")
    assert tree(local / "dst" / "new") == tree(src)


async def test_the_order_of_events(client: Client, local: Path) -> None:
    await put_all(client, "dir/top", "dir/sub/file", "dir/sub/deeper/one")
    progress = Recorder()
    await client.buckets.download_dir("blob:box/dir", local, progress=progress)
    within(progress, {"dir": ["top", "sub"], "sub": ["file", "deeper"], "deeper": ["one"]})


async def test_files_of_several_directories_come_at_once(
    client: Client, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_all(client, *(f"{number}/deep/file" for number in range(4)))
    opening, everybody = EngineBackend.open, asyncio.Barrier(4)

    async def together(*place: Any, **how: Any) -> Any:
        await asyncio.wait_for(everybody.wait(), 30)
        return await opening(*place, **how)

    monkeypatch.setattr(EngineBackend, "open", together)
    await client.buckets.download_dir("blob:box", local / "dst")
    assert len([text for text in tree(local / "dst").values() if text]) == 4


async def test_a_blob_that_comes_late_is_still_before_the_directory_of_its_name(
    client: Client, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = EngineBackend.open

    async def late(backend: Any, bucket: str, key: str, **how: Any) -> Any:
        for _ in range(200 if key == "foo" else 0):
            await asyncio.sleep(0.001)
        return await opening(backend, bucket, key, **how)

    await put_all(client, "foo", "foo/bar", "other")
    monkeypatch.setattr(EngineBackend, "open", late)
    with pytest.raises(HoldallError) as caught:
        await client.buckets.download_dir("blob:box", local / "dst")
    assert tree(local / "dst") == {"foo": "foo", "other": "other"}
    assert [failure.route.src.path for failure in caught.value.failed] == ["/ann/box/foo/bar"]


HOSTILE = [
    "dir/../../escaped", "dir/..", "dir/.", "dir/a/../../../escaped", "dir//escaped",
    "dir//tmp/escaped", "dir/C:/escaped", "dir/C:escaped", "dir/nul\0", "dir/nul\0/file",
    "dir/a//b", "dir/./x",
]  # fmt: skip


async def test_hostile_keys_are_refused_by_name_and_the_rest_goes_on(
    client: Client, local: Path
) -> None:
    await put_all(client, "dir/good", "dir/sub/good", *HOSTILE)
    await client.buckets.put_blob("box", "dir/slash/", b"bytes")
    progress = Recorder()
    with pytest.raises(HoldallError) as caught:
        await client.buckets.download_dir("blob:box/dir", local / "dst", progress=progress)
    assert os.listdir(local) == ["dst"]
    files = {name for name, text in tree(local / "dst").items() if text is not None}
    assert files == {"good", "sub/good"}
    assert {failure.error.key for failure in caught.value.failed} == {*HOSTILE, "dir/slash/"}
    assert len(progress.of("fail")) == len(HOSTILE) + 1


async def test_a_link_in_the_target_does_not_lead_out_of_it(client: Client, local: Path) -> None:
    outside, target = local / "outside", local / "dst"
    outside.mkdir()
    target.mkdir()
    (outside / "kept").write_text("mine")
    (target / "sub").symlink_to(outside)
    (target / "file").symlink_to(outside / "kept")
    await put_all(client, "dir/sub/kept", "dir/sub/new", "dir/file", "dir/good")
    with pytest.raises(HoldallError) as caught:
        await client.buckets.download_dir("blob:box/dir", target)
    assert tree(outside) == {"kept": "mine"}
    assert len(caught.value.failed) == 2
    assert (target / "good").read_text() == "dir/good"
    assert (target / "file").read_text() == "dir/file"
    assert not (target / "file").is_symlink()


async def test_the_target_itself_may_be_a_link(client: Client, local: Path) -> None:
    (local / "real").mkdir()
    (local / "link").symlink_to("real")
    await put_all(client, "dir/sub/file")
    await client.buckets.download_dir("blob:box/dir", local / "link")
    assert (local / "real" / "sub" / "file").read_text() == "dir/sub/file"


async def test_a_blob_beside_a_directory_of_its_name(client: Client, local: Path) -> None:
    await put_all(client, "foo", "foo.txt", "foo/bar", "foo/sub/baz")
    with pytest.raises(HoldallError) as caught:
        await client.buckets.download_dir("blob:box", local / "dst")
    assert tree(local / "dst") == {"foo": "foo", "foo.txt": "foo.txt"}
    failed = [failure.route.src.path for failure in caught.value.failed]
    assert failed == ["/ann/box/foo/bar", "/ann/box/foo/sub/baz"]


async def test_two_keys_that_are_one_path_are_not_silently_one_file(
    client: Client, local: Path
) -> None:
    target = local / "dst"
    (target / "real").mkdir(parents=True)
    (target / "alias").symlink_to("real")  # stands for any way that two names are one file
    await put_all(client, "alias/file", "real/file", "real/other")
    with pytest.raises(HoldallError) as caught:
        await client.buckets.download_dir("blob:box", target)
    (refused,) = [failure.route.src.path for failure in caught.value.failed]
    (kept,) = {"alias/file", "real/file"} - {refused.removeprefix("/ann/box/")}
    assert (target / "real" / "file").read_text() == kept
    assert (target / "real" / "other").read_text() == "real/other"


async def test_filter_sees_relative_paths_and_prunes(client: Client, local: Path) -> None:
    await put_all(client, "d/keep", "d/drop", "d/in/keep", "d/in/drop", "d/out/keep", "d/../x")

    async def wanted(path: str) -> bool:
        return "drop" not in path and path not in ("out/", "../")

    await client.buckets.download_dir("blob:box/d", local / "dst", filter=wanted)
    assert tree(local / "dst") == {"keep": "d/keep", "in": None, "in/keep": "d/in/keep"}


async def test_update_and_continue_reach_every_file(client: Client, local: Path) -> None:
    await put_all(client, "d/short", "d/mine")
    (local / "short").write_text("d/s")
    (local / "mine").write_text("something longer")
    for name in ("short", "mine"):
        os.utime(local / name, (4_000_000_000, 4_000_000_000))
    await client.buckets.download_dir("blob:box/d", local, update=True, continue_=True)
    assert tree(local) == {"short": "d/short", "mine": "something longer"}


async def test_the_bucket_as_it_stood(client: Client, local: Path) -> None:
    await put_all(client, "d/gone")
    then = await client.buckets.put_blob("box", "d/changed", b"old")
    await client.buckets.delete_blob("box", "d/gone")
    await client.buckets.put_blob("box", "d/changed", b"new")
    await put_all(client, "d/later")
    await client.buckets.download_dir("blob:box/d", local / "dst", at=then.modified_at)
    assert tree(local / "dst") == {"gone": "d/gone", "changed": "old"}


async def test_what_is_no_directory(client: Client, local: Path) -> None:
    await put_all(client, "file", "dir/file")
    with pytest.raises(NotADirectory):
        await client.buckets.download_dir("blob:box/file", local / "dst")
    with pytest.raises(BlobNotFound):
        await client.buckets.download_dir("blob:box/nothing", local / "dst")
    (local / "file").write_text("mine")
    with pytest.raises(NotADirectory):
        await client.buckets.download_dir("blob:box/dir", local / "file")
    assert tree(local) == {"file": "mine"}
    await client.buckets.create("bare")
    await client.buckets.download_dir("blob:bare", local / "empty")
    assert tree(local) == {"file": "mine", "empty": None}


async def test_a_callbacks_error_stops_everything(client: Client, local: Path) -> None:
    await put_all(client, *(f"{number:02}" for number in range(40)))
    with pytest.raises(OSError, match="enough"):
        await client.buckets.download_dir(
            "blob:box", local / "dst", progress=Recorder("start", OSError("enough"))
        )
    assert tree(local / "dst") == {}


async def test_keys_deeper_than_pythons_stack(client: Client, local: Path) -> None:
    key = "d/" * 400 + "file"
    await put_all(client, key)
    await client.buckets.download_dir("blob:box", local)
    assert (local / key).read_text() == key
    assert await keys(client) == [key]
