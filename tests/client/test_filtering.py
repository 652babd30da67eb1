"""Filters follow gitignore(5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall import Client, InvalidArgument
from holdall.client.filtering import Filters
from tests.client.helpers import keys


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a.o", False),
        ("sub/a.o", False),
        ("build/", False),
        ("build/x", False),
        ("build", True),  # a file of that name
        ("sub/build/deep/x", False),
        ("root", False),
        ("sub/root", True),
        ("keep.o", True),
        ("build/keep.o", False),  # its folder is excluded
        ("a.c", True),
    ],
)
def test_patterns(path: str, wanted: bool) -> None:
    filters = Filters(["*.o", "build/", "/root"], ["keep.o"])
    assert filters.wants(path) is wanted


def test_deeper_ignore_files_decide_over_higher_ones(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".ignore").write_text("*.log\n/only-here\n")
    (tmp_path / "sub" / ".ignore").write_text("!x.log\n")
    filters = Filters(ignore_files={".ignore"})
    filters.learn(tmp_path, "", [".ignore", "x.log"])
    assert not filters.wants("sub/x.log")
    filters.learn(tmp_path / "sub", "sub/", [".ignore"])
    assert filters.wants("sub/x.log")
    assert not filters.wants("sub/y.log")
    assert not filters.wants("only-here")
    assert filters.wants("sub/only-here")


def test_a_pattern_that_cannot_be_read() -> None:
    with pytest.raises(InvalidArgument):
        Filters(["!"])


@pytest.mark.usefixtures("bucket")
async def test_an_upload_reads_ignore_files(client: Client, local: Path) -> None:
    (local / "sub").mkdir()
    (local / ".gitignore").write_text("*.o\n")
    (local / "sub" / ".gitignore").write_text("secret\n")
    for name in ("a.o", "a.c", "sub/secret", "sub/open", "secret"):
        (local / name).write_bytes(b"")
    await client.buckets.upload_dir(local, "blob:box", ignore_file_names={".gitignore"})
    assert await keys(client) == [".gitignore", "a.c", "secret", "sub/.gitignore", "sub/open"]
