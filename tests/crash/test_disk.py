"""The model of the disk loses what it may lose, and never what an fsync covered."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from .disk import Chances, Disk, Tree
from .faults import Fault, Faults, io_error
from .journal import Event, Journal
from .recording_os import RecordingOS

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def outcomes(events: Iterable[Event], tries: int = 400) -> list[Tree]:
    disk, chances = Disk(), Chances(1)
    now = 0
    for event in events:
        disk.follow(event)
        now += 1
    return [disk.crash(chances.draw(now)) for _ in range(tries)]


def two_bytes(tree: Tree) -> tuple[bytes, bytes]:
    content = tree["a"] or b""
    return content[:1], content[600:601]


def write(shim: RecordingOS, path: Path, content: bytes, *, sync: bool) -> None:
    descriptor = shim.open(path, os.O_CREAT | os.O_WRONLY)
    shim.write(descriptor, content)
    if sync:
        shim.fsync(descriptor)
    shim.close(descriptor)


def sync_folder(shim: RecordingOS, path: Path) -> None:
    descriptor = shim.open(path, os.O_RDONLY)
    shim.fsync(descriptor)
    shim.close(descriptor)


def test_everything_synced_is_always_there(journal: Journal, tmp_path: Path) -> None:
    shim = RecordingOS(journal)
    write(shim, tmp_path / "a", b"x" * 2000, sync=True)
    sync_folder(shim, tmp_path)
    assert all(tree == {"a": b"x" * 2000} for tree in outcomes(journal.events))


def test_unsynced_data_may_be_there_torn_or_not(journal: Journal, tmp_path: Path) -> None:
    shim = RecordingOS(journal)
    write(shim, tmp_path / "a", b"x" * 2000, sync=False)
    sync_folder(shim, tmp_path)
    seen = {tree["a"] for tree in outcomes(journal.events)}
    assert {b"", b"x" * 2000, bytes(2000)} < seen
    assert any(b"x" in content and b"\0" in content for content in seen if content)


def test_a_name_needs_its_folder_synced(journal: Journal, tmp_path: Path) -> None:
    shim = RecordingOS(journal)
    write(shim, tmp_path / "a", b"x", sync=True)
    assert {tuple(tree) for tree in outcomes(journal.events)} == {(), ("a",)}


def test_writes_reach_the_disk_in_any_order(journal: Journal, tmp_path: Path) -> None:
    shim = RecordingOS(journal)
    write(shim, tmp_path / "a", bytes(1024), sync=True)
    sync_folder(shim, tmp_path)
    descriptor = shim.open(tmp_path / "a", os.O_WRONLY)
    shim.pwrite(descriptor, b"1", 0)
    shim.pwrite(descriptor, b"2", 600)
    shim.close(descriptor)
    seen = {two_bytes(tree) for tree in outcomes(journal.events)}
    assert seen == {(b"\0", b"\0"), (b"1", b"\0"), (b"\0", b"2"), (b"1", b"2")}


def test_a_rename_between_folders_never_loses_the_file(journal: Journal, tmp_path: Path) -> None:
    shim = RecordingOS(journal)
    for name in ("from", "to"):
        shim.mkdir(tmp_path / name)
    sync_folder(shim, tmp_path)
    write(shim, tmp_path / "from" / "a", b"x", sync=True)
    sync_folder(shim, tmp_path / "from")
    shim.rename(tmp_path / "from" / "a", tmp_path / "to" / "b")
    seen = {frozenset(tree) - {"from", "to"} for tree in outcomes(journal.events)}
    assert seen == {frozenset({"from/a"}), frozenset({"to/b"}), frozenset({"from/a", "to/b"})}
    sync_folder(shim, tmp_path / "to")
    assert all(tree["to/b"] == b"x" for tree in outcomes(journal.events))


def test_a_removal_that_is_durable_brings_the_new_name(journal: Journal, tmp_path: Path) -> None:
    shim = RecordingOS(journal)
    for name in ("from", "to"):
        shim.mkdir(tmp_path / name)
    sync_folder(shim, tmp_path)
    write(shim, tmp_path / "from" / "a", b"x", sync=True)
    sync_folder(shim, tmp_path / "from")
    shim.rename(tmp_path / "from" / "a", tmp_path / "to" / "b")
    sync_folder(shim, tmp_path / "from")
    assert {frozenset(tree) for tree in outcomes(journal.events)} == {
        frozenset({"from", "to", "to/b"})
    }


def test_a_second_fsync_does_not_mend_a_failed_one(journal: Journal, tmp_path: Path) -> None:
    faults = Faults()
    shim = RecordingOS(journal, faults)
    write(shim, tmp_path / "a", bytes(1024), sync=True)
    sync_folder(shim, tmp_path)
    descriptor = shim.open(tmp_path / "a", os.O_WRONLY)
    shim.pwrite(descriptor, b"1", 0)
    faults.arm(Fault("sync", "/a", io_error))
    with pytest.raises(OSError, match="injected"):
        shim.fsync(descriptor)
    shim.pwrite(descriptor, b"2", 600)
    shim.fsync(descriptor)
    shim.close(descriptor)
    seen = {two_bytes(tree) for tree in outcomes(journal.events)}
    assert seen == {(b"\0", b"2"), (b"1", b"2")}


def test_an_fsync_does_not_cover_what_happened_meanwhile(journal: Journal, tmp_path: Path) -> None:
    shim = RecordingOS(journal)
    write(shim, tmp_path / "a", b"", sync=True)
    sync_folder(shim, tmp_path)
    inode, since = journal.inode(tmp_path / "a"), journal.position()
    assert inode is not None
    journal.written(inode, 0, b"late")
    journal.synced(inode, since)
    assert {b"", b"late"} <= {tree["a"] for tree in outcomes(journal.events)}


def test_a_log_starts_with_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_bytes(b"x")
    journal = Journal(tmp_path)
    assert all(tree == {"d": None, "d/a": b"x"} for tree in outcomes(journal.events))
