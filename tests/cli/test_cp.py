"""cp: every pair of ends, where things go, and what happens when some of it fails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from holdall.cli.places import Local, place
from holdall.cli.transfer.plan import Source, Target, becomes, plan
from tests.cli.conftest import Holdall, Process, contents


def test_a_file_up_and_down(holdall: Holdall, bucket: str, tree: Path, tmp_path: Path) -> None:
    up = holdall("cp", tree / "sub" / "b #?%.bin", f"{bucket}/b")
    assert up.code == 0
    assert up.out.startswith("copied 1 file, 256 kB in ")
    down = holdall("cp", f"{bucket}/b", tmp_path / "new" / "b", "--json")
    assert down.json["files"] == 1
    assert down.json["bytes"] == 256_000
    assert (tmp_path / "new" / "b").read_bytes() == bytes(range(256)) * 1000


def test_a_tree_up_between_and_down(
    holdall: Holdall, bucket: str, tree: Path, tmp_path: Path
) -> None:
    assert holdall("cp", "-r", tree, f"{bucket}/t").code == 0
    assert holdall("mb", "second").code == 0
    between = holdall("cp", "-r", f"{bucket}/t", "blob:second/copy", "--json")
    assert between.json["files"] == 4
    assert holdall("cp", "-r", "blob:second/copy", tmp_path / "out").code == 0
    assert contents(tmp_path / "out") == contents(tree)


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ("x", "x"),
        ("x/", "x/one.txt"),
        ("there", "there/one.txt"),
        ("there/", "there/one.txt"),
        ("", "one.txt"),
    ],
)
def test_where_a_file_goes(
    holdall: Holdall, bucket: str, tree: Path, target: str, key: str
) -> None:
    holdall("cp", tree / "empty", f"{bucket}/there/before")
    assert holdall("cp", tree / "one.txt", f"{bucket}/{target}").code == 0
    assert holdall("stat", f"{bucket}/{key}", "--json").json["size"] == 4


def test_where_a_directory_goes(holdall: Holdall, bucket: str, tree: Path) -> None:
    source = tree / "sub" / "deep"
    holdall("cp", "-r", source, f"{bucket}/new")
    assert holdall("ls", "-r", bucket).lines == ["new/ü"]
    holdall("cp", "-r", source, f"{bucket}/new")
    holdall("cp", "-r", f"{source}/", f"{bucket}/slash/")
    holdall("cp", "-r", f"{source}/.", f"{bucket}/dot/")
    holdall("cp", "-r", "-T", source, f"{bucket}/dot")
    found = holdall("ls", "-r", bucket).lines
    assert found == ["dot/ü", "new/deep/ü", "new/ü", "slash/deep/ü"]


def test_a_directory_needs_r(holdall: Holdall, bucket: str, tree: Path, tmp_path: Path) -> None:
    up = holdall("cp", tree, bucket)
    assert up.code == 1
    assert "-r" in up.err
    holdall("cp", tree / "one.txt", f"{bucket}/d/")
    assert holdall("cp", f"{bucket}/d", tmp_path / "d").code == 1
    assert not (tmp_path / "d").exists()


def test_several_sources_go_into_the_target(holdall: Holdall, bucket: str, tree: Path) -> None:
    assert holdall("cp", tree / "one.txt", tree / "empty", f"{bucket}/x").code == 0
    assert holdall("ls", "-r", bucket).lines == ["x/empty", "x/one.txt"]
    assert holdall("cp", "-T", tree / "one.txt", tree / "empty", f"{bucket}/x").code == 2
    again = holdall("cp", tree / "one.txt", f"{tree}/sub/../one.txt", f"{bucket}/y")
    assert again.code == 2
    assert "both become" in again.err


def test_a_missing_source_is_told_and_the_others_are_copied(
    holdall: Holdall, bucket: str, tree: Path
) -> None:
    ran = holdall("cp", tree / "none", f"{bucket}/none", tree / "one.txt", f"{bucket}/x")
    assert ran.code == 3
    assert ran.err.count("holdall: there is no") == 2
    assert holdall("ls", "-r", bucket).lines == ["x/one.txt"]


def test_a_file_that_fails_does_not_stop_the_rest(
    holdall: Holdall, bucket: str, tree: Path, tmp_path: Path
) -> None:
    for key in ("a/%2E%2E/evil", "a/b", "a/b/c", "a/z"):
        assert holdall("cp", "-T", tree / "one.txt", f"{bucket}/{key}").code == 0
    ran = holdall("cp", "-r", f"{bucket}/a", tmp_path / "out", "--json")
    assert ran.code == 1
    assert ran.json["failed"] == 2
    assert ran.json["files"] == 2
    assert len([line for line in ran.err.splitlines() if line.startswith("holdall: ")]) == 2
    assert contents(tmp_path / "out") == {"b": b"one\n", "z": b"one\n"}
    assert not (tmp_path / "evil").exists()


def test_glob(holdall: Holdall, bucket: str, tree: Path, tmp_path: Path) -> None:
    holdall("cp", "-r", tree, f"{bucket}/t")
    assert holdall("cp", "--glob", f"{bucket}/t/o*.txt", tmp_path / "out").code == 0
    assert contents(tmp_path / "out") == {"one.txt": b"one\n"}
    assert holdall("cp", "--glob", f"{tree}/**/*.bin", f"{bucket}/bins").code == 0
    assert holdall("ls", f"{bucket}/bins").lines == ["b #?%.bin"]
    nothing = holdall("cp", "--glob", f"{bucket}/t/*.none", tmp_path / "out")
    assert nothing.code == 3
    # Without --glob the characters are those of a key.
    assert holdall("cp", f"{bucket}/t/o*.txt", tmp_path / "out").code == 3


def test_update(holdall: Holdall, bucket: str, tree: Path, tmp_path: Path) -> None:
    holdall("cp", "-r", "-T", tree, f"{bucket}/t")
    again = holdall("cp", "-r", "-u", "-T", tree, f"{bucket}/t", "--json").json
    assert (again["files"], again["skipped"]) == (0, 4)
    later = time.time() + 60
    os.utime(tree / "one.txt", (later, later))
    once = holdall("cp", "-r", "-u", "-T", tree, f"{bucket}/t", "--json").json
    assert (once["files"], once["skipped"]) == (1, 3)
    holdall("cp", f"{bucket}/t/one.txt", f"{bucket}/copy")
    between = holdall("cp", "-u", f"{bucket}/t/one.txt", f"{bucket}/copy", "--json").json
    assert (between["files"], between["skipped"]) == (0, 1)


def test_continue(holdall: Holdall, bucket: str, tree: Path, tmp_path: Path) -> None:
    whole = bytes(range(256)) * 1000
    holdall("cp", tree / "sub" / "b #?%.bin", f"{bucket}/b")
    part = tmp_path / "part"
    part.write_bytes(whole[:100_000])
    os.utime(part, (time.time() + 60,) * 2)
    inode = part.stat().st_ino
    assert holdall("cp", "--continue", f"{bucket}/b", part).code == 0
    assert part.read_bytes() == whole
    assert part.stat().st_ino == inode  # appended to, not replaced


def test_what_cannot_be_meant(holdall: Holdall, bucket: str, tree: Path, tmp_path: Path) -> None:
    holdall("cp", "-r", tree, f"{bucket}/t")
    for arguments in (
        (tree / "one.txt", tmp_path / "x"),
        ("-r", f"{bucket}/t", f"{bucket}/t/inside"),
        ("-r", "-T", f"{bucket}/t", f"{bucket}/t"),
        ("-T", f"{bucket}/t/one.txt", f"{bucket}/t/one.txt"),
        ("-r", f"{bucket}/t", "-"),
        ("-", f"{bucket}/t/"),
        ("-T", tree / "one.txt", bucket),
        ("blob:", tmp_path / "x"),
        ("", bucket),
        (tree / "one.txt",),
    ):
        ran = holdall("cp", *arguments)
        assert ran.code == 2, (arguments, ran)
    assert len(holdall("ls", "-r", bucket).lines) == 5


def test_standard_input_and_output(
    holdall: Holdall, bucket: str, process: Callable[..., Process]
) -> None:
    data = os.urandom(3_000_000)
    stored = process("cp", "-", f"{bucket}/piped", input=data)
    assert (stored.code, stored.err) == (0, "")
    got = process("cp", f"{bucket}/piped", "-")
    assert (got.code, got.out, got.err) == (0, data, "")
    assert process("cat", f"{bucket}/piped", "--offset", 2_999_990).out == data[-10:]


def test_pipes_and_devices_are_used_where_they_stand(
    holdall: Holdall, bucket: str, tmp_path: Path, process: Callable[..., Process]
) -> None:
    holdall("cp", "/dev/null", f"{bucket}/nothing")
    assert holdall("stat", f"{bucket}/nothing", "--json").json["size"] == 0
    process("cp", "-", f"{bucket}/k", input=b"through a pipe")
    through = process("cp", f"{bucket}/k", "/dev/stdout")
    assert through.out.startswith(b"through a pipe")
    holdall("cp", f"{bucket}/k", "/dev/null")
    assert not Path("/dev/null").is_file()


def test_cat(holdall: Holdall, bucket: str, tree: Path, process: Callable[..., Process]) -> None:
    holdall("cp", tree / "one.txt", f"{bucket}/one")
    holdall("cp", tree / "sub" / "deep" / "ü", f"{bucket}/two")
    both = process("cat", f"{bucket}/one", f"{bucket}/none", f"{bucket}/two")
    assert both.code == 3
    assert both.out == "one\ngrün".encode()
    assert both.err.startswith("holdall: ")
    assert holdall("cat", f"{bucket}/one", "--json").json["data"] == "b25lCg=="
    assert holdall("cat", bucket).code == 2


def test_a_reader_that_leaves_is_no_error(
    holdall: Holdall, bucket: str, store: Path, tree: Path
) -> None:
    big = tree / "big"
    big.write_bytes(b"x" * 5_000_000)
    holdall("cp", big, f"{bucket}/big")
    with subprocess.Popen(
        [sys.executable, "-m", "holdall.cli", "-s", str(store), "cat", f"{bucket}/big"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout
        assert running.stderr
        assert running.stdout.read(10) == b"x" * 10
        running.stdout.close()
        assert running.wait(30) == 141
        assert running.stderr.read() == b""


def test_what_is_named_can_be_excluded_too(holdall: Holdall, bucket: str, tree: Path) -> None:
    one = tree / "one.txt"
    assert holdall("cp", "--exclude", "*.txt", one, f"{bucket}/x", "--json").json["skipped"] == 1
    assert holdall("cp", "--exclude", "*.bin", "--glob", f"{tree}/**", f"{bucket}/g/").code == 0
    assert holdall("ls", "-r", bucket).lines == ["g/empty", "g/one.txt", "g/ü"]
    down = holdall("cp", "--exclude", "one*", f"{bucket}/g/one.txt", tree / "new", "--json")
    assert down.json["skipped"] == 1
    assert not (tree / "new").exists()


def test_a_local_source_has_no_past(holdall: Holdall, bucket: str, tree: Path) -> None:
    ran = holdall("cp", "--at", "2026-01-01", tree / "one.txt", f"{bucket}/x")
    assert ran.code == 2
    assert "--at is a time of a bucket" in ran.err


def test_continue_excludes_checksum(holdall: Holdall, bucket: str, tree: Path) -> None:
    ran = holdall("cp", "--continue", "--checksum", f"{bucket}/x", tree / "x")
    assert ran.code == 2
    assert "--continue goes with" in ran.err


def test_the_rate_holds_for_streams(holdall: Holdall, bucket: str, tree: Path) -> None:
    (tree / "big").write_bytes(bytes(400_000))
    holdall("cp", tree / "big", f"{bucket}/big")
    slow = holdall("cp", "--limit-rate", "1M", f"{bucket}/big", "/dev/null", "--json")
    assert slow.json["seconds"] >= 0.4 - 0.25  # what may pass at once counts for a quarter second


def test_the_same_command_again_needs_to_be_told_that_the_target_is_the_name() -> None:
    folder = Source(Local("t"), is_directory=True)
    for target, is_there, expected in (
        ("blob:b/x", False, True),
        ("blob:b/x", True, False),
        ("blob:b/x/", False, False),
        ("blob:b", True, False),
    ):
        named = place(target)
        assert becomes(plan([folder], Target(named, is_there)), named) is expected
    file = plan([Source(Local("f"))], Target(place("blob:b/x")))
    assert not becomes(file, place("blob:b/x"))
