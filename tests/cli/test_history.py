"""versions, restore, undo and rm."""

from __future__ import annotations

import base64
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Holdall


@pytest.fixture
def blob(holdall: Holdall, bucket: str, tmp_path: Path) -> str:
    """A blob with the revisions `zero`, `one`, `two`."""
    for text in ("zero", "one", "two"):
        (tmp_path / "body").write_text(text)
        assert holdall("cp", tmp_path / "body", f"{bucket}/k").code == 0
    return f"{bucket}/k"


def body(holdall: Holdall, uri: str) -> str:
    ran = holdall("cat", "--json", uri)
    return base64.b64decode(ran.json["data"]).decode() if ran.code == 0 else f"code {ran.code}"


def test_versions(holdall: Holdall, blob: str) -> None:
    rows = [line.split("\t") for line in holdall("versions", blob).lines]
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("2", "3", "current"),
        ("1", "3", "-"),
        ("0", "4", "-"),
    ]
    holdall("rm", blob)
    revisions = holdall("versions", blob, "--json").documents
    assert [each["revision"] for each in revisions] == [3, 2, 1, 0]
    assert [each["type"] for each in revisions] == ["marker", "blob", "blob", "blob"]
    assert holdall("versions", f"{blob}x").code == 3


@pytest.mark.parametrize(("revision", "text"), [("0", "zero"), ("-2", "one"), ("1", "one")])
def test_restore(holdall: Holdall, blob: str, revision: str, text: str) -> None:
    restored = holdall("restore", blob, revision, "--json")
    assert (restored.code, restored.json["revision"]) == (0, 3)
    assert body(holdall, blob) == text


def test_restore_by_version_and_of_what_is_not_there(holdall: Holdall, blob: str) -> None:
    oldest = holdall("versions", blob, "--json").documents[-1]["version"]
    assert holdall("restore", blob, oldest).out == (
        f"blob:docs/k is as revision {oldest} was; this is revision 3\n"
    )
    assert body(holdall, blob) == "zero"
    assert holdall("restore", blob, "9").code == 3
    assert holdall("restore", f"{blob}x", "0").code == 3
    assert holdall("restore", blob).code == 2


def test_cat_of_a_revision(holdall: Holdall, blob: str) -> None:
    assert holdall("cat", blob, "--revision", "0", "--json").json["data"] == "emVybw=="
    assert holdall("cat", blob, "--revision", "-2", "--json").json["data"] == "b25l"
    assert holdall("cat", blob, "--revision", "17").code == 3


def test_undo_of_a_write_and_of_the_undo(holdall: Holdall, blob: str) -> None:
    undone = holdall("undo", blob)
    assert undone.out == "blob:docs/k is as revision 1 was; this is revision 3\n"
    assert body(holdall, blob) == "one"
    assert holdall("undo", blob, "--json").json["undone"] == "rewritten"
    assert body(holdall, blob) == "two"


def test_undo_of_a_removal_keeps_the_past(holdall: Holdall, blob: str, bucket: str) -> None:
    moment = holdall("stat", blob, "--json").json["modified_at"]
    holdall("rm", blob)
    assert holdall("undo", blob, "--json").json["undone"] == "removed"
    assert body(holdall, blob) == "two"
    assert holdall("ls", bucket, "--at", moment).lines == ["k"]
    assert holdall("undo", blob).out == "blob:docs/k is removed again\n"
    assert body(holdall, blob) == "code 3"


def test_undo_where_nothing_was_before(holdall: Holdall, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "body").write_text("only")
    holdall("cp", tmp_path / "body", f"{bucket}/only")
    ran = holdall("undo", f"{bucket}/only")
    assert ran.code == 1
    assert "only one revision" in ran.err
    assert body(holdall, f"{bucket}/only") == "only"
    assert holdall("undo", f"{bucket}/never").code == 3


def test_rm(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", "-r", tree, f"{bucket}/t")
    assert holdall("rm", f"{bucket}/t/one.txt").out == "removed 1 blob\n"
    directory = holdall("rm", f"{bucket}/t")
    assert directory.code == 1
    assert holdall("rm", bucket).code == 2
    assert holdall("rm", "-r", f"{bucket}/t", "--json").json["removed"] == 4
    assert holdall("ls", "-r", bucket).lines == []
    assert holdall("undo", f"{bucket}/t/one.txt").code == 0


def test_rm_of_some_that_are_not_there(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", tree / "one.txt", f"{bucket}/a")
    ran = holdall("rm", f"{bucket}/none", f"{bucket}/a")
    assert ran.code == 3
    assert ran.out == "removed 1 blob\n"
    assert holdall("ls", bucket).lines == []


def test_rm_says_what_would_have_been_right(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", "-r", tree, f"{bucket}/t")
    assert holdall("rm", f"{bucket}/none").err == f"holdall: there is no {bucket}/none\n"
    folder = holdall("rm", f"{bucket}/t")
    assert folder.err == f"holdall: {bucket}/t is a directory; -r removes all below it\n"
    whole = holdall("rm", bucket)
    assert (whole.code, "-r removes all" in whole.err, "'holdall rb docs'" in whole.err) == (
        2,
        True,
        True,
    )
    pattern = holdall("rm", f"{bucket}/t/*.txt")
    assert (pattern.code, "there is no blob:docs/t/*.txt; " in pattern.err) == (3, True)
    command = pattern.err.split(": holdall ")[1]
    assert holdall(*shlex.split(command)).lines == [f"{bucket}/t/one.txt"]
    assert "There is no bucket none" in holdall("rm", "blob:none/x").err


@pytest.mark.parametrize("options", [("-r",), ("--all-revisions",), ("-r", "--all-revisions")])
def test_rm_of_nothing(holdall: Holdall, bucket: str, options: tuple[str, ...]) -> None:
    gone = holdall("rm", *options, f"{bucket}/none/")
    assert (gone.code, gone.out, gone.err) == (3, "", f"holdall: there is no {bucket}/none/\n")
    assert holdall("rm", "-r", "--all-revisions", bucket).code == 0, "an empty bucket is there"


def test_rm_all_revisions(holdall: Holdall, blob: str, bucket: str) -> None:
    removed = holdall("rm", "--all-revisions", blob)
    assert removed.out == "removed 1 blob with 3 revisions, for good\n"
    assert holdall("versions", blob).code == 3
    assert holdall("rb", "docs").code == 0


def test_rm_all_revisions_of_what_was_removed(holdall: Holdall, blob: str) -> None:
    holdall("rm", blob)
    assert holdall("rm", "--all-revisions", blob, "--json").json["revisions"] == 4
    assert holdall("rm", "--all-revisions", blob).code == 3


def test_rm_all_revisions_below(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", "-r", tree, f"{bucket}/t")
    assert holdall("rm", "--all-revisions", f"{bucket}/t").code == 1
    assert holdall("rm", "-r", "--all-revisions", f"{bucket}/t").code == 0
    assert holdall("rb", "docs").code == 0
