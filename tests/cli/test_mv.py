"""mv: what is moved is at one end only, and what changed or failed stays."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest

from holdall.client.buckets import Buckets
from tests.cli.conftest import Holdall, contents


def test_between_blobs(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", tree / "one.txt", f"{bucket}/a")
    moved = holdall("mv", f"{bucket}/a", f"{bucket}/b", "--json")
    assert (moved.code, moved.json["files"]) == (0, 1)
    assert holdall("ls", "-r", bucket).lines == ["b"]
    assert holdall("versions", f"{bucket}/a").code == 0


def test_a_directory_between_blobs(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", "-r", tree, f"{bucket}/t")
    assert holdall("mv", f"{bucket}/t", f"{bucket}/u").code == 0
    assert holdall("ls", bucket).lines == ["u/"]
    assert holdall("ls", f"{bucket}/u").lines == ["empty", "hollow/", "one.txt", "sub/"]


def test_up_and_down_again(holdall: Holdall, bucket: str, tree: Path, tmp_path: Path) -> None:
    before = contents(tree)
    up = holdall("mv", tree, f"{bucket}/t")
    assert up.code == 0
    assert up.out.startswith("moved 4 files")
    assert not tree.exists()
    assert holdall("mv", f"{bucket}/t", tmp_path / "back").code == 0
    assert contents(tmp_path / "back") == before
    assert holdall("ls", "-r", bucket).lines == []


def test_one_file_up_and_down(holdall: Holdall, bucket: str, tree: Path, tmp_path: Path) -> None:
    assert holdall("mv", tree / "one.txt", f"{bucket}/x").code == 0
    assert not (tree / "one.txt").exists()
    assert holdall("mv", f"{bucket}/x", tmp_path / "y").code == 0
    assert (tmp_path / "y").read_bytes() == b"one\n"
    assert holdall("stat", f"{bucket}/x").code == 3


def test_what_fails_stays(holdall: Holdall, bucket: str, tree: Path, tmp_path: Path) -> None:
    for key in ("a/%2E%2E/evil", "a/fine"):
        holdall("cp", "-T", tree / "one.txt", f"{bucket}/{key}")
    assert holdall("mv", f"{bucket}/a", tmp_path / "out").code == 1
    assert contents(tmp_path / "out") == {"fine": b"one\n"}
    left = holdall("ls", "-r", bucket, "--json").documents
    assert [entry["key"] for entry in left] == ["a/../evil"]


def test_links_are_refused_before_anything_moves(
    holdall: Holdall, bucket: str, tree: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"mine")
    (tree / "link").symlink_to(outside)
    before = contents(tree)
    assert holdall("mv", tree, f"{bucket}/t").code == 2
    assert (outside / "precious").read_bytes() == b"mine"
    assert contents(tree) == before
    assert holdall("ls", "-r", bucket).lines == []


def test_a_file_that_changed_meanwhile_stays(
    holdall: Holdall, bucket: str, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = Buckets.upload_file

    def change(path: Path) -> None:
        path.write_bytes(b"changed")

    async def upload_and_change(self: Buckets, src: Path, dst: str, **rest: Any) -> None:
        await upload(self, src, dst, **rest)
        change(Path(src))

    monkeypatch.setattr(Buckets, "upload_file", upload_and_change)
    ran = holdall("mv", tree / "one.txt", f"{bucket}/x")
    assert ran.code == 1
    assert "stays where it was" in ran.err
    assert (tree / "one.txt").read_bytes() == b"changed"


def test_a_blob_that_changed_meanwhile_stays(
    holdall: Holdall, bucket: str, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holdall("cp", tree / "one.txt", f"{bucket}/x")
    download = Buckets.download_file

    async def download_and_change(self: Buckets, src: str, dst: Path, **rest: Any) -> None:
        await download(self, src, dst, **rest)
        await self.put_blob("docs", "x", b"changed")

    monkeypatch.setattr(Buckets, "download_file", download_and_change)
    assert holdall("mv", f"{bucket}/x", tmp_path / "y").code == 1
    assert holdall("stat", f"{bucket}/x", "--json").json["size"] == 7


def test_a_stop_says_how_it_goes_on_and_drops_for_a_moment_only(
    holdall: Holdall, bucket: str, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C when all is stored, and a store that does not say so any more."""
    upload, before = Buckets.upload_dir, contents(tree)

    async def upload_and_stop(self: Buckets, *args: Any, **rest: Any) -> None:
        await upload(self, *args, **rest)
        signal.raise_signal(signal.SIGINT)
        await asyncio.Event().wait()

    async def never(*args: Any, **rest: Any) -> Any:
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(Buckets, "upload_dir", upload_and_stop)
        patch.setattr(Buckets, "head_blob", never)
        stopped = holdall("mv", tree, f"{bucket}/t")
    assert stopped.code == 130
    assert "the same command with -T goes on from there" in stopped.err
    assert contents(tree) == before, "what was not looked at stays"
    assert holdall("mv", "-T", tree, f"{bucket}/t").code == 0
    assert not tree.exists()
    assert holdall("ls", f"{bucket}/t").lines == ["empty", "hollow/", "one.txt", "sub/"]


def test_a_stop_where_the_same_command_goes_on(
    holdall: Holdall, bucket: str, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = Buckets.upload_dir

    async def upload_and_stop(self: Buckets, *args: Any, **rest: Any) -> None:
        await upload(self, *args, **rest)
        signal.raise_signal(signal.SIGINT)
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(Buckets, "upload_dir", upload_and_stop)
        stopped = holdall("mv", tree, f"{bucket}/")
    assert "; the same command goes on from there" in stopped.err
    assert not (tree / "one.txt").exists(), "it is at its target"
    assert holdall("mv", tree, f"{bucket}/").code == 0
    assert holdall("ls", bucket).lines == ["tree/"]


def test_streams_and_missing_sources(holdall: Holdall, bucket: str, tmp_path: Path) -> None:
    assert holdall("mv", "-", f"{bucket}/x").code == 2
    assert holdall("mv", "/dev/null", f"{bucket}/x").code == 2
    assert holdall("mv", f"{bucket}/none", tmp_path / "x").code == 3
    assert holdall("mv", tmp_path / "none", f"{bucket}/x").code == 3
