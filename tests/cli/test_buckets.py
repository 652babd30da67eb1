"""mb, rb, ls, stat and du."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Holdall


def test_mb_makes_the_store_and_the_bucket(holdall: Holdall, store: Path) -> None:
    made = holdall("mb", "docs", "--json")
    assert made.code == 0
    assert made.json["name"] == "docs"
    assert made.json["versioning"] == "enabled"
    assert store.is_dir()
    assert holdall("ls", "--json").documents == [made.json]


def test_mb_text_uri_and_unversioned(holdall: Holdall) -> None:
    assert holdall("mb", "blob:one").out == "made blob:one\n"
    assert holdall("mb", "two", "--unversioned", "--json").json["versioning"] == "off"


def test_mb_twice_and_bad_names(holdall: Holdall, bucket: str) -> None:
    again = holdall("mb", "docs")
    assert again.code == 1
    assert again.err.startswith("holdall: ")
    assert holdall("mb", "Not Good").code == 2
    assert holdall("mb", "blob:docs/key").code == 2
    assert holdall("mb", "blob:/somebody/else").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("ls",),
        ("rb", "x"),
        ("cat", "blob:x/y"),
        ("check",),
        ("sweep",),
        ("du",),
        ("backup", "elsewhere"),
    ],
)
def test_without_a_store_commands_say_how_to_begin(
    holdall: Holdall, store: Path, arguments: tuple[str, ...]
) -> None:
    ran = holdall(*arguments)
    assert ran.code == 3
    assert str(store) in ran.err
    assert "holdall mb" in ran.err
    assert not store.exists()


def test_the_store_before_or_after_the_command_wins_over_the_environment(
    holdall: Holdall, store: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    assert holdall("mb", "docs", "--store", other).code == 0
    assert holdall("-s", other, "ls").lines[0].endswith("docs")
    assert holdall("ls", "-s", other).lines[0].endswith("docs")
    assert holdall("-s", store, "ls", "-s", other).lines[0].endswith("docs")
    assert not store.exists()


def test_a_place_that_is_no_store(holdall: Holdall, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a store")
    ran = holdall("--store", tmp_path / "file", "ls")
    assert ran.code in (1, 3)
    assert ran.err.startswith("holdall: ")
    assert (tmp_path / "file").read_text() == "not a store"


def test_rb(holdall: Holdall, bucket: str, tree: Path) -> None:
    assert holdall("rb", "docs").out == "removed blob:docs\n"
    assert holdall("ls").out == ""
    assert holdall("rb", "docs").code == 3


def test_rb_of_what_is_not_empty_needs_force(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", tree / "one.txt", f"{bucket}/one.txt")
    holdall("rm", f"{bucket}/one.txt")
    assert holdall("rb", "docs").code == 1
    assert holdall("stat", bucket).code == 0
    assert holdall("rb", "docs", "--force", "--json").json == {"removed": "blob:docs"}
    assert holdall("stat", bucket).code == 3


def test_ls(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", "-r", tree, f"{bucket}/t")
    assert holdall("ls", bucket).lines == ["t/"]
    assert holdall("ls", f"{bucket}/t").lines == ["empty", "hollow/", "one.txt", "sub/"]
    assert holdall("ls", f"{bucket}/t/").lines == ["empty", "hollow/", "one.txt", "sub/"]
    assert holdall("ls", "-r", f"{bucket}/t/sub/").lines == ["b #?%.bin", "deep/ü"]
    assert holdall("ls", f"{bucket}/t/hollow").lines == []
    assert holdall("ls", f"{bucket}/t/hollow").code == 0
    assert holdall("ls", f"{bucket}/t/one.txt").lines == ["one.txt"]
    assert holdall("ls", f"{bucket}/t/one").code == 3
    assert holdall("ls", "blob:other").code == 3


def test_ls_tells_a_blob_from_the_directory_of_its_name(
    holdall: Holdall, bucket: str, tree: Path
) -> None:
    holdall("cp", "-T", tree / "one.txt", f"{bucket}/foo")
    holdall("cp", "-T", tree / "one.txt", f"{bucket}/foo/bar")
    holdall("cp", "-T", tree / "one.txt", f"{bucket}/foobar")
    assert holdall("ls", f"{bucket}/foo").lines == ["foo", "bar"]
    assert holdall("ls", f"{bucket}/foo/").lines == ["bar"]


def test_ls_long_and_json(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", "-r", tree, f"{bucket}/t")
    rows = [line.split("\t") for line in holdall("ls", "-l", f"{bucket}/t/").lines]
    assert [(row[0], row[2], row[3]) for row in rows] == [
        ("0", "0", "empty"),
        ("-", "-", "hollow/"),
        ("4", "0", "one.txt"),
        ("-", "-", "sub/"),
    ]
    entries = holdall("ls", "--json", f"{bucket}/t/").documents
    assert [entry["type"] for entry in entries] == ["blob", "directory", "blob", "directory"]
    assert entries[2]["key"] == "t/one.txt"
    assert entries[2]["size"] == 4


def test_ls_at_a_time(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", tree / "one.txt", f"{bucket}/a")
    written = holdall("stat", f"{bucket}/a", "--json").json["modified_at"]
    holdall("cp", tree / "one.txt", f"{bucket}/b")
    holdall("rm", f"{bucket}/a")
    assert holdall("ls", bucket).lines == ["b"]
    assert holdall("ls", bucket, "--at", written).lines == ["a"]
    assert holdall("ls", f"{bucket}/a", "--at", written).lines == ["a"]
    assert holdall("ls", bucket, "--at", "yesterday").code == 2


def test_stat(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", tree / "one.txt", f"{bucket}/one.txt")
    text = holdall("stat", f"{bucket}/one.txt").out
    assert "size      4 bytes" in text
    fields = holdall("stat", f"{bucket}/one.txt", "--json").json
    assert (fields["key"], fields["size"], fields["revision"]) == ("one.txt", 4, 0)
    assert holdall("stat", bucket, "--json").json["usage"]["blobs"] == 1
    assert "blobs       1, 4 bytes" in holdall("stat", bucket).out
    assert holdall("stat", f"{bucket}/none").code == 3
    assert holdall("stat", f"{bucket}/one.txt", "--revision", "7").code == 3
    assert holdall("stat", "one.txt").code == 2


def test_du(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("mb", "empty")
    holdall("cp", tree / "one.txt", f"{bucket}/d/one")
    holdall("cp", tree / "one.txt", f"{bucket}/d/one")
    assert holdall("du").lines == ["4\t1\t8\tblob:docs", "0\t0\t0\tblob:empty"]
    assert holdall("du", f"{bucket}/d").lines == ["4\t1\t-\tblob:docs/d"]
    usage = holdall("du", bucket, "--json").json
    assert (usage["bytes"], usage["revisions"], usage["revision_bytes"]) == (4, 2, 8)
    some = holdall("du", "blob:none", bucket)
    assert some.code == 3
    assert some.lines == ["4\t1\t8\tblob:docs"]


def test_control_characters_never_reach_the_output(
    holdall: Holdall, bucket: str, tree: Path
) -> None:
    uri = f"{bucket}/%1B%5B31m%0A%C2%9B%E2%80%AE%5Cx"
    shown = "\\x1b[31m\\n\\x9b\\u202e\\\\x"
    assert holdall("cp", tree / "one.txt", uri).code == 0
    assert holdall("ls", bucket).lines == [shown]
    for ran in (
        holdall("ls", "-l", bucket),
        holdall("ls", "--json", bucket),
        holdall("stat", uri),
        holdall("versions", uri),
        holdall("rm", uri),
        holdall("cat", uri),
        holdall("stat", uri),
        holdall("cp", uri, tree / "x"),
    ):
        assert (ran.out + ran.err).replace("\n", "").replace("\t", "").isprintable()


def test_force_is_named_where_a_bucket_is_not_empty(
    holdall: Holdall, bucket: str, tree: Path
) -> None:
    holdall("cp", tree / "one.txt", f"{bucket}/one")
    refused = holdall("rb", bucket)
    assert refused.code == 1
    assert "holds 1 blob; --force removes it with all it holds, for good" in refused.err
    assert holdall("rb", bucket, "--force").code == 0
