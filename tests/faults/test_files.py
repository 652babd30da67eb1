"""Local files that misbehave: each is said by name, the exit status tells, the rest is done."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from holdall.client import blocks, scanning, tree_upload
from tests.cli.conftest import Holdall

from .broken import content

LINKED = Path("/proc/self/mem")
"""A regular file, by its looks, that nobody can read from its start."""


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two good files among a loop, links to nowhere, a pipe, a socket, a file that cannot be
    read, and a name that is not UTF-8."""
    root = tmp_path / "odd"
    (root / "d").mkdir(parents=True)
    (root / "good").write_bytes(b"good")
    (root / "d" / "fine").write_bytes(b"fine")
    (root / "d" / "loop").symlink_to(root)
    (root / "self").symlink_to("self")
    (root / "dangling").symlink_to("nowhere")
    (root / "unreadable").symlink_to(LINKED)
    os.mkfifo(root / "pipe")
    Path(os.fsdecode(os.fsencode(root) + b"/n\xff")).write_bytes(b"?")
    monkeypatch.chdir(root)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    return root


ODD = ("d/loop", "self", "dangling", "unreadable", "pipe", "socket", r"n\udcff")


def cp(source: Path, target: str) -> tuple[object, ...]:
    return "cp", "-r", "-T", source, target


def sync(source: Path, target: str) -> tuple[object, ...]:
    return "sync", source, target


@pytest.mark.parametrize("command", [cp, sync])
def test_a_tree_of_oddities(
    holdall: Holdall, bucket: str, odd: Path, command: Callable[..., tuple[object, ...]]
) -> None:
    done = holdall(*command(odd, f"{bucket}/t"))
    assert done.code == 1
    said = done.out + done.err
    for name in ODD:
        assert said.count(name) >= 1, name
    failures = [line for line in done.err.splitlines() if line.startswith("holdall: ")]
    assert len(failures) == len(ODD)
    found = holdall("find", f"{bucket}/t").lines
    assert sorted(found) == [f"{bucket}/t/{name}" for name in ("d/", "d/fine", "good")]
    assert holdall("check", "--scrub").code == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read(holdall: Holdall, bucket: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "shut").mkdir(parents=True)
    (tree / "open").write_bytes(b"1")
    (tree / "secret").write_bytes(b"2")
    os.chmod(tree / "secret", 0)
    os.chmod(tree / "shut", 0)
    try:
        done = holdall("cp", "-r", "-T", tree, f"{bucket}/t")
    finally:
        os.chmod(tree / "shut", 0o700)
    assert done.code == 1
    assert "secret" in done.err
    assert "shut" in done.err
    assert holdall("find", f"{bucket}/t").lines == [f"{bucket}/t/open"]


LIMITED = """
import resource, signal, sys
from holdall.cli.main import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
most = int(sys.argv.pop(1))
# Files that are there already may be larger; what is written may not reach past this.
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
main()
"""


@pytest.mark.parametrize("large", [3_000_000, 20_000_000])
def test_a_disk_with_no_room_for_one_of_the_files(
    holdall: Holdall, bucket: str, store: Path, tmp_path: Path, large: int
) -> None:
    """By the largest file that a process may write: a download that cannot be finished."""
    for name, size in (("a", 1000), ("b", large), ("c", 1000)):
        (tmp_path / name).write_bytes(content(name, size))
        assert holdall("cp", tmp_path / name, f"{bucket}/t/{name}").code == 0
    target = tmp_path / "down"
    target.mkdir()
    (target / "b").write_bytes(b"before")
    command = [sys.executable, "-c", LIMITED, "1000000", "-s", str(store)]
    done = subprocess.run(
        [*command, "cp", "-r", "-T", f"{bucket}/t", str(target)],
        capture_output=True,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
        check=False,
        timeout=60,
    )
    said = done.stderr.decode()
    assert done.returncode == 1, said
    assert "/b" in said
    assert "Traceback" not in said
    assert (target / "b").read_bytes() == b"before"
    assert (target / "a").read_bytes() == content("a", 1000)
    assert (target / "c").read_bytes() == content("c", 1000)
    assert holdall("check").code == 0


@pytest.mark.parametrize("large", [3_000_000, 20_000_000])
def test_a_file_that_is_cut_short_while_it_is_sent(
    holdall: Holdall, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name, size in (("a", 1000), ("b", large), ("c", 1000)):
        (tree / name).write_bytes(content(name, size))
    holdall("cp", tree / "a", f"{bucket}/t/b")
    when_half_is_read(monkeypatch, tree / "b", lambda: os.truncate(tree / "b", 1_500_000))
    done = holdall("cp", "-r", "-T", tree, f"{bucket}/t")
    assert done.code == 1
    assert "b changed while it was read" in done.err
    assert holdall("stat", "--json", f"{bucket}/t/b").json["size"] == 1000
    assert len(holdall("find", f"{bucket}/t").lines) == 3
    assert holdall("transfers", "--json").documents == []


def test_a_small_file_that_is_replaced_while_it_is_sent(
    holdall: Holdall, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was open when it began is sent, whole."""
    tree = replaced_midway(tmp_path, monkeypatch, 3_000_000)
    assert holdall("cp", "-r", "-T", tree, f"{bucket}/t").code == 0
    assert holdall("cp", f"{bucket}/t/b", tmp_path / "back").code == 0
    assert (tmp_path / "back").read_bytes() == content("b", 3_000_000)


def test_a_large_file_that_is_replaced_while_it_is_sent(
    holdall: Holdall, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of two files are never joined, though size and time be the same."""
    tree = replaced_midway(tmp_path, monkeypatch, 20_000_000)
    done = holdall("cp", "-r", "-T", tree, f"{bucket}/t")
    assert done.code == 1
    assert "b changed while it was read" in done.err
    assert holdall("find", bucket).lines == []
    assert holdall("transfers", "--json").documents == []


def replaced_midway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> Path:
    """A tree whose only file gives way to another when half of it is read."""
    tree, other = tmp_path / "tree", tmp_path / "other"
    tree.mkdir()
    (tree / "b").write_bytes(content("b", size))
    other.write_bytes(content("other", size))
    was = (tree / "b").stat()
    os.utime(other, ns=(was.st_atime_ns, was.st_mtime_ns))
    when_half_is_read(monkeypatch, tree / "b", lambda: os.replace(other, tree / "b"))
    return tree


def test_a_file_that_says_it_is_empty_and_is_not(
    holdall: Holdall, bucket: str, tmp_path: Path
) -> None:
    assert holdall("cp", "/proc/self/limits", f"{bucket}/limits").code == 0
    assert holdall("cp", f"{bucket}/limits", tmp_path / "back").code == 0
    assert (tmp_path / "back").read_bytes() == Path("/proc/self/limits").read_bytes()


def test_a_file_that_vanishes_before_it_is_sent(
    holdall: Holdall, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("a", "b", "c"):
        (tree / name).write_bytes(b"1")

    def scanned(path: Path) -> object:
        found = scanning.scan(path)
        (tree / "b").unlink()
        return found

    monkeypatch.setattr(tree_upload, "scan", scanned)
    done = holdall("cp", "-r", "-T", tree, f"{bucket}/t")
    assert done.code == 1
    assert "/b" in done.err
    assert holdall("find", f"{bucket}/t").lines == [f"{bucket}/t/a", f"{bucket}/t/c"]


def when_half_is_read(
    monkeypatch: pytest.MonkeyPatch, path: Path, happen: Callable[[], object]
) -> None:
    """Let something happen, once, after the first block of a file was read."""
    read = blocks._until
    happened = list[bool]()

    def watched(file: object, left: int | None) -> object:
        for block in read(file, left):  # type: ignore[arg-type]
            yield block
            if not happened and Path(file.name) == path:  # type: ignore[attr-defined]
                happened.append(True)
                happen()

    monkeypatch.setattr(blocks, "_until", watched)
