"""restore -r --at: what is printed, and the exit codes."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.cli.conftest import Holdall


@pytest.fixture
def then(holdall: Holdall, bucket: str, tree: Path) -> str:
    """The time at which `t` was as `tree` is; since then it was removed, and has a new blob."""
    holdall("cp", "-r", tree, f"{bucket}/t")
    holdall("cp", tree / "one.txt", f"{bucket}/other")
    moment = str(holdall("stat", f"{bucket}/other", "--json").json["modified_at"])
    assert holdall("rm", "-r", f"{bucket}/t").code == 0
    holdall("cp", tree / "one.txt", f"{bucket}/t/since")
    holdall("cp", tree / "one.txt", f"{bucket}/t/empty")
    return moment


def test_a_dry_run_prints_what_is_then_done(
    holdall: Holdall, bucket: str, then: str, tree: Path, tmp_path: Path
) -> None:
    command = ("restore", "-r", "--at", then, f"{bucket}/t")
    was = holdall("ls", "-r", bucket).lines
    planned = holdall(*command, "--dry-run")
    assert (planned.code, planned.lines) == (
        0,
        [
            "restore empty  (changed since)",
            "restore hollow/  (deleted since)",
            "restore one.txt  (deleted since)",
            "keep    since  (made since)",
            "restore sub/b #?%.bin  (deleted since)",
            "restore sub/deep/ü  (deleted since)",
        ],
    )
    assert holdall("ls", "-r", bucket).lines == was
    done = holdall(*command)
    assert (done.code, done.lines[:-1]) == (0, planned.lines)
    assert done.lines[-1].startswith("restored 5 files, 256 kB in ")
    assert done.lines[-1].endswith("; 1 made since kept")
    again = holdall(*command, "--json").documents
    assert [document["step"] for document in again[:-1]] == ["keep"]
    assert (again[-1]["files"], again[-1]["kept"]) == (0, 1)
    assert holdall(*command, "--delete").lines[0] == "delete  since  (made since)"
    assert holdall("verify", tree, f"{bucket}/t").code == 0
    assert "other" in holdall("ls", "-r", bucket).lines


def test_filters(holdall: Holdall, bucket: str, then: str) -> None:
    some = ("--exclude", "*", "--include", "*.txt", "--delete")
    restored = holdall("restore", "-r", "--at", then, f"{bucket}/t", *some)
    assert restored.lines[:-1] == ["restore one.txt  (deleted since)"]


def test_the_marker_of_the_directory_itself(holdall: Holdall, bucket: str, tree: Path) -> None:
    (tree / "void").mkdir()
    holdall("cp", "-r", tree / "void", f"{bucket}/void")
    [marker] = holdall("ls", "-r", bucket, "--json").documents
    holdall("rm", "-r", f"{bucket}/void")
    restored = holdall("restore", "-r", "--at", marker["modified_at"], f"{bucket}/void")
    assert restored.lines[0] == "restore ./  (deleted since)"
    assert holdall("ls", "-r", bucket).lines == [marker["key"]]


def test_a_single_blob_at_a_time(holdall: Holdall, bucket: str, then: str) -> None:
    blob = f"{bucket}/t/one.txt"
    restored = holdall("restore", "--at", then, blob)
    assert restored.out == f"{blob} is as revision 0 was; this is revision 2\n"
    data = holdall("cat", blob, "--json").json["data"]
    assert base64.b64decode(data) == b"one\n"
    nothing = holdall("restore", "--at", then, f"{bucket}/t")
    assert (nothing.code, "-r is for directories" in nothing.err) == (3, True)


def test_a_number_from_the_end_is_told_as_what_it_was(
    holdall: Holdall, bucket: str, then: str
) -> None:
    blob = f"{bucket}/t/empty"  # revisions: content, marker, content
    restored = holdall("restore", blob, "-1")
    assert restored.out == f"{blob} is as revision 2 was; this is revision 3\n"
    assert holdall("restore", blob, "-99").code == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("-r", "blob:docs/t"), 2),
        (("-r", "--at", "THEN", "blob:docs/t", "0"), 2),
        (("--at", "THEN", "blob:docs/t/one.txt", "0"), 2),
        (("blob:docs/t/one.txt",), 2),
        (("--delete", "--at", "THEN", "blob:docs/t/one.txt"), 2),
        (("-n", "blob:docs/t/one.txt", "0"), 2),
        (("-r", "--at", "yesterday", "blob:docs/t"), 2),
        (("-r", "--at", "THEN", "t"), 2),
        (("-r", "--at", "THEN", "blob:docs/none"), 3),
        (("-r", "--at", "THEN", "blob:none/t"), 3),
        (("-r", "--at", "2020-01-01", "blob:docs/t"), 1),
    ],
)
def test_what_cannot_be_restored(
    holdall: Holdall, bucket: str, then: str, arguments: tuple[str, ...], code: int
) -> None:
    was = holdall("ls", "-r", bucket).lines
    refused = holdall("restore", *(then if each == "THEN" else each for each in arguments))
    assert refused.code == code
    assert refused.err
    assert holdall("ls", "-r", bucket).lines == was
