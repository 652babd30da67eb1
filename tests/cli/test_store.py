"""check, sweep, backup and demo."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from holdall.client.buckets import Buckets
from tests.cli.conftest import Holdall, contents


def payload_file(store: Path) -> Path:
    """The one payload file of a store that holds one large blob."""
    (found,) = [p for p in store.rglob("*") if p.is_file() and p.stat().st_size == 256_000]
    return found


@pytest.fixture
def full(holdall: Holdall, bucket: str, tree: Path) -> str:
    assert holdall("cp", "-r", tree, f"{bucket}/t").code == 0
    return bucket


def test_check_of_a_sound_store(holdall: Holdall, full: str) -> None:
    assert holdall("check").out == "sound (bytes were not read; --scrub does)\n"
    assert holdall("check", "--scrub").out == "sound (every byte was read)\n"
    assert holdall("check", "--json").json == {"sound": True, "problems": []}


def test_check_of_a_store_with_a_flipped_byte(holdall: Holdall, full: str, store: Path) -> None:
    file = payload_file(store)
    data = bytearray(file.read_bytes())
    data[1000] ^= 1
    file.chmod(0o600)
    file.write_bytes(data)
    assert holdall("check").code == 0
    ran = holdall("check", "--scrub")
    assert ran.code == 4
    assert "t/sub/b #?%.bin" in ran.lines[0]
    assert ran.lines[-1].startswith("1 problem found")
    (problem,) = holdall("check", "--scrub", "--json").json["problems"]
    assert (problem["bucket"], problem["key"]) == ("docs", "t/sub/b #?%.bin")
    damaged = holdall("cp", f"{full}/t/sub/b #?%25.bin", store.parent / "out")
    assert damaged.code == 1
    assert not (store.parent / "out").exists()


def test_check_of_a_store_with_a_missing_file(holdall: Holdall, full: str, store: Path) -> None:
    payload_file(store).unlink()
    assert holdall("check").code == 4


def test_sweep(holdall: Holdall, full: str) -> None:
    holdall("rb", "docs", "--force")
    would = holdall("sweep", "--dry-run", "--json")
    assert would.json["dry_run"] is True
    assert holdall("sweep").out.startswith("removed ")
    after = holdall("sweep", "--json").json
    assert (after["abandoned"], after["deleted"]) == (0, 0)
    assert holdall("check").code == 0


def test_backup_and_restore(
    holdall: Holdall, full: str, store: Path, tree: Path, tmp_path: Path
) -> None:
    made = holdall("backup", tmp_path / "backup")
    assert made.code == 0
    assert made.out.startswith(f"copied {store} to ")
    restored = holdall(
        "--store", tmp_path / "again", "backup", "--restore", tmp_path / "backup", "--json"
    )
    assert restored.code == 0
    assert restored.json["to"] == str(tmp_path / "again")
    holdall("-s", tmp_path / "again", "cp", "-r", f"{full}/t", tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tree)
    assert holdall("-s", tmp_path / "again", "check", "--scrub").code == 0


def test_backup_never_overwrites(holdall: Holdall, full: str, store: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("precious")
    assert holdall("backup", tmp_path / "mine").code == 1
    assert contents(tmp_path / "mine") == {"file": b"precious"}
    assert holdall("backup", tmp_path / "backup").code == 0
    again = holdall("backup", "--restore", tmp_path / "backup")
    assert again.code == 1
    assert "not an empty directory" in again.err
    assert holdall("check", "--scrub").code == 0
    assert holdall("-s", tmp_path / "x", "backup", "--restore", tmp_path / "none").code == 3


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_demo(holdall: Holdall, tree: Path, temporary: Path) -> None:
    before = contents(tree)
    ran = holdall("demo", "--tree", tree)
    assert ran.code == 0, ran.err
    steps = [line[:12].strip() for line in ran.lines]
    assert steps == [
        *("stored", "read back", "compared", "changed", "revisions", "restored"),
        *("deleted", "undone", "listed", "checked", "cleaned up"),
    ]
    assert contents(tree) == before
    assert list(temporary.iterdir()) == []


def test_demo_json_and_keep(holdall: Holdall, tree: Path, temporary: Path) -> None:
    ran = holdall("demo", "--tree", tree, "--keep", "--json")
    assert ran.code == 0
    facts = {document["step"]: document for document in ran.documents}
    assert facts["stored"]["files"] == 4
    assert facts["compared"] == {"step": "compared", "files": 4, "different": 0}
    assert facts["checked"]["problems"] == 0
    kept = facts["kept"]["store"]
    assert holdall("-s", kept, "ls", "blob:demo").lines == ["empty", "hollow/", "one.txt", "sub/"]


def test_demo_of_no_tree(holdall: Holdall, tmp_path: Path, temporary: Path) -> None:
    assert holdall("demo", "--tree", tmp_path / "none").code == 1
    (tmp_path / "bare").mkdir()
    assert holdall("demo", "--tree", tmp_path / "bare").code == 2
    assert list(temporary.iterdir()) == []


def test_demo_says_when_bytes_differ(
    holdall: Holdall, tree: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = Buckets.download_dir

    async def spoil(self: Buckets, src: str, dst: Path, **rest: Any) -> None:
        await download(self, src, dst, **rest)
        (Path(dst) / "one.txt").write_bytes(b"not")

    monkeypatch.setattr(Buckets, "download_dir", spoil)
    ran = holdall("demo", "--tree", tree)
    assert ran.code == 4
    assert "one.txt" in ran.err
