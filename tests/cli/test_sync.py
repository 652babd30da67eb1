"""sync, mirror and verify as commands: the plan that is printed, and the exit codes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Holdall, contents


def test_a_dry_run_prints_what_is_then_done(
    holdall: Holdall, bucket: str, tree: Path, tmp_path: Path
) -> None:
    holdall("cp", tree / "one.txt", f"{bucket}/extra\n")
    planned = holdall("sync", tree, bucket, "--delete", "--dry-run")
    assert planned.code == 0
    assert planned.lines == [
        "send    empty  (new)",
        "delete  extra\\n  (not at the source)",
        "send    hollow/  (new)",
        "send    one.txt  (new)",
        "send    sub/b #?%.bin  (new)",
        "send    sub/deep/ü  (new)",
    ]
    done = holdall("sync", tree, bucket, "--delete")
    assert done.lines[:-1] == planned.lines
    assert done.lines[-1].startswith("synced 4 files, 256 kB in ")
    assert holdall("sync", bucket, tmp_path / "out").code == 0
    assert contents(tmp_path / "out") == contents(tree)
    again = holdall("sync", tree, bucket, "--delete", "--json")
    assert again.json["files"] == 0


def test_what_is_refused_is_said_and_the_rest_goes_on(
    holdall: Holdall, bucket: str, tree: Path, tmp_path: Path
) -> None:
    for key in ("a", "a/b", "c"):
        holdall("cp", tree / "one.txt", f"{bucket}/{key}")
    planned = holdall("sync", bucket, tmp_path / "out", "-n")
    assert (planned.code, planned.err) == (0, "")
    done = holdall("sync", bucket, tmp_path / "out")
    assert done.code == 1
    assert done.lines[:-1] == planned.lines
    assert "another blob is a" in done.err
    assert sorted(contents(tmp_path / "out")) == ["a", "c"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nowhere", "blob:docs"), 3),
        (("blob:docs/nowhere", "out"), 3),
        (("blob:none", "out"), 3),
        ((".", "out"), 2),
        (("blob:docs", "blob:docs/x"), 2),
        ((".", "blob:docs", "--limit-rate", "fast"), 2),
        ((".", "blob:docs", "--at", "2026-01-01"), 2),
    ],
)
def test_what_cannot_be_synced(
    holdall: Holdall, bucket: str, arguments: tuple[str, ...], code: int
) -> None:
    assert holdall("sync", *arguments).code == code


def test_filters(holdall: Holdall, bucket: str, tree: Path) -> None:
    (tree / ".skip").write_text("deep/\n")
    options = ("--exclude", "*.txt", "--exclude", ".skip", "--include", "one.txt")
    assert holdall("sync", tree, bucket, *options, "--exclude-from-files", ".skip").code == 0
    assert holdall("ls", "-r", bucket).lines == ["empty", "hollow/", "one.txt", "sub/b #?%.bin"]


def test_onto_another_store_and_back(
    holdall: Holdall, bucket: str, tree: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    holdall("cp", "-r", tree, f"{bucket}/t")
    assert holdall("-s", other, "mb", "far").code == 0
    copied = holdall(
        "mirror", f"{bucket}/t", "blob:far", "--onto", other, "--manifest", tmp_path / "m"
    )
    assert copied.code == 0, copied.err
    verified = holdall("verify", f"{bucket}/t", "blob:far", "--onto", other)
    assert verified.lines == ["4 files the same"]
    assert holdall("-s", other, "verify", "blob:far", tmp_path / "m").code == 0
    holdall("-s", other, "cp", tree / "one.txt", "blob:far/new")
    found = holdall("-s", other, "verify", "blob:far", tmp_path / "m")
    assert found.code == 1
    assert found.lines == ["extra      new", "4 files the same, 1 not"]


def test_a_mirror_with_a_refusal_fails(
    holdall: Holdall, bucket: str, tree: Path, tmp_path: Path
) -> None:
    holdall("cp", tree / "one.txt", f"{bucket}/a")
    holdall("cp", tree / "one.txt", f"{bucket}/a/b")
    assert holdall("mirror", bucket, tmp_path / "out", "--manifest", tmp_path / "m").code == 1
    assert not (tmp_path / "m").exists()


def test_verify_says_what_is_not_the_same(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", "-r", tree, f"{bucket}/t")
    (tree / "one.txt").write_text("ONE\n")
    found = holdall("verify", f"{bucket}/t", tree, "--json")
    assert found.code == 1
    finding, summary = found.documents
    assert (finding["fault"], finding["name"]) == ("differs", "one.txt")
    assert summary == {"same": 3, "faults": 1}
    assert holdall("verify", f"{bucket}/t", tree / "nowhere").code == 3


def test_cp_dry_runs_and_compares(
    holdall: Holdall, bucket: str, tree: Path, tmp_path: Path
) -> None:
    planned = holdall("cp", "-r", "-n", tree, f"{bucket}/t")
    assert planned.lines[0] == "send    empty  (new)"
    assert len(planned.lines) == 5
    assert holdall("ls", "-r", bucket).lines == []
    assert holdall("cp", "-n", tree / "one.txt", f"{bucket}/x").lines == [
        f"copy    {tree}/one.txt  (to {bucket}/x)"
    ]
    assert holdall("ls", "-r", bucket).lines == []
    holdall("cp", "-r", tree, f"{bucket}/t")
    (tree / "one.txt").write_text("ONE\n")
    again = holdall("cp", "-r", "--checksum", "-T", tree, f"{bucket}/t", "--json")
    assert (again.json["files"], again.json["skipped"]) == (1, 4)
    single = holdall("cp", "--checksum", tree / "one.txt", f"{bucket}/t/one.txt", "--json")
    assert (single.json["files"], single.json["skipped"]) == (0, 1)


def test_cp_with_filters_writes_over_all_the_rest(
    holdall: Holdall, bucket: str, tree: Path
) -> None:
    holdall("cp", "-r", tree, f"{bucket}/t")
    again = holdall("cp", "-r", "-T", "--exclude", "sub/", tree, f"{bucket}/t", "--json")
    assert again.json["files"] == 2


def test_cp_into_a_directory_named_first(holdall: Holdall, bucket: str, tree: Path) -> None:
    assert holdall("cp", "-t", f"{bucket}/in", tree / "one.txt", tree / "empty").code == 0
    assert holdall("ls", "-r", bucket).lines == ["in/empty", "in/one.txt"]
    assert holdall("cp", tree / "one.txt").code == 2


def test_cp_from_the_past(holdall: Holdall, bucket: str, tree: Path, tmp_path: Path) -> None:
    holdall("cp", "-r", tree, f"{bucket}/t")
    then = holdall("stat", f"{bucket}/t/sub/deep/ü", "--json").json["modified_at"]
    holdall("rm", f"{bucket}/t/one.txt")
    holdall("cp", tree / "one.txt", f"{bucket}/t/empty")
    at = ("--at", then)
    assert holdall("cp", "-r", *at, f"{bucket}/t", tmp_path / "out").code == 0
    assert holdall("cp", *at, f"{bucket}/t/one.txt", tmp_path / "one").code == 0
    assert (tmp_path / "one").read_bytes() == b"one\n"
    assert holdall("cp", *at, f"{bucket}/t/empty", f"{bucket}/was-empty").code == 0
    assert holdall("stat", f"{bucket}/was-empty", "--json").json["size"] == 0
    assert holdall("cp", "-r", *at, f"{bucket}/t", f"{bucket}/copy").code == 0
    assert "copy/one.txt" in holdall("ls", "-r", bucket).lines
    assert holdall("cp", f"{bucket}/t/one.txt", tmp_path / "now").code == 3


@pytest.mark.parametrize(
    "words", [("sync",), ("mirror",), ("cp", "-r"), ("cp", "-r", "--checksum"), ("mv",)]
)
def test_names_that_are_not_utf8_are_shown_one_way(
    holdall: Holdall, bucket: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / os.fsdecode(b"bad\xff%ff.txt")).touch()
    (folder / "good%ff").touch()
    ran = holdall(*words, folder, f"{bucket}/odd")
    assert ran.code == 1
    (line,) = (line for line in ran.err.splitlines() if "bad" in line)
    assert line.startswith(f"holdall: {folder}/bad\\udcff%ff.txt: ")


def test_the_store_that_is_missing_is_named(
    holdall: Holdall, bucket: str, tree: Path, tmp_path: Path, store: Path
) -> None:
    for command in ("mirror", "sync"):
        lost = holdall(command, tree, bucket, "--onto", tmp_path / "none")
        assert lost.code == 3
        assert str(tmp_path / "none") in lost.err
        assert str(store) not in lost.err
