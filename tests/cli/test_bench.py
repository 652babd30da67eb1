"""bench: it measures, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdall.cli.bench.measuring import Bench
from holdall.client.buckets import Buckets
from tests.cli.conftest import Holdall

SMALL = ("--blobs", 5, "--size", "100k")
STEPS = ["put alone", "put small", "list", "get small", "put large", "get large", "remove"]


def test_the_store_in_use(holdall: Holdall, bucket: str) -> None:
    measured = holdall("bench", *SMALL, "--json")
    assert measured.code == 0
    assert [step["step"] for step in measured.documents] == STEPS
    assert all(step["seconds"] > 0 for step in measured.documents)
    assert [bucket["name"] for bucket in holdall("ls", "--json").documents] == ["docs"]


def test_a_store_and_any_directory(holdall: Holdall, bucket: str, store: Path, tree: Path) -> None:
    assert holdall("bench", store, *SMALL).code == 0
    before = sorted(tree.rglob("*"))
    assert holdall("bench", tree, *SMALL).code == 0
    assert sorted(tree.rglob("*")) == before


def test_no_such_place(holdall: Holdall, tmp_path: Path) -> None:
    assert holdall("bench", tmp_path / "none").code == 3
    assert holdall("bench").code == 3
    assert holdall("bench", tmp_path, "--size", "0").code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_no_bucket(
    holdall: Holdall, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: Bench) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Bench, "_get_large", fail)
    failed = holdall("bench", *SMALL)
    assert failed.code == 1
    assert "the disk is gone" in failed.err
    assert len(holdall("ls").lines) == 1


def test_what_is_read_must_be_what_was_written(
    holdall: Holdall, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Buckets.put_blob

    async def other(self: Buckets, bucket: str, key: str, body: bytes) -> object:
        return await put(self, bucket, key, b"other" if isinstance(body, bytes) else body)

    monkeypatch.setattr(Buckets, "put_blob", other)
    failed = holdall("bench", *SMALL)
    assert failed.code == 1
    assert "not read as it was written" in failed.err
