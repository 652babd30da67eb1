"""The file of master keys: the newest seals, all open, none is lost."""

from __future__ import annotations

import logging
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from holdall.core.errors import Conflict, FormatError, NotFound, StoreError
from holdall.core.secret_files import MASTER_KEY
from holdall.server.master_keys import OVERLAP, MasterKeys
from holdall.server.sealing import Broken, Sealer

NOW = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)


def test_a_store_begins_with_one(tmp_path: Path) -> None:
    (made,) = MasterKeys.prepared(tmp_path / MASTER_KEY).every()
    assert (len(made.secret), made.made_at) == (32, None)
    assert (tmp_path / MASTER_KEY).stat().st_mode & 0o777 == 0o600
    assert MasterKeys.prepared(tmp_path / MASTER_KEY).every() == (made,)


def test_the_newest_seals_and_all_open(tmp_path: Path) -> None:
    keys = MasterKeys.prepared(tmp_path / MASTER_KEY)
    sealer = Sealer(keys, "tests")
    old = sealer.seal(b"secret", "me")
    assert sealer.renewed(old, "me") is None
    made = keys.add(NOW)
    assert keys.every()[0] == made
    assert sealer.unseal(old, "me") == b"secret"
    renewed = sealer.renewed(old, "me")
    assert renewed is not None
    assert Sealer(made.secret, "tests").unseal(renewed, "me") == b"secret"
    with pytest.raises(Broken):
        Sealer(made.secret, "tests").unseal(old, "me")
    with pytest.raises(Broken):
        sealer.renewed(old, "another")


def test_another_process_sees_it_at_once(tmp_path: Path) -> None:
    one, other = (
        MasterKeys.prepared(tmp_path / MASTER_KEY),
        MasterKeys.prepared(tmp_path / MASTER_KEY),
    )
    sealer = Sealer(other, "tests")
    made = one.add(NOW)
    assert Sealer(made.secret, "tests").unseal(sealer.seal(b"x")) == b"x"
    one.drop(one.every()[1].id)
    assert other.every() == (made,)
    assert (tmp_path / MASTER_KEY).stat().st_mode & 0o777 == 0o600


def test_one_old_key_at_a_time(tmp_path: Path) -> None:
    keys = MasterKeys.prepared(tmp_path / MASTER_KEY)
    keys.add(NOW)
    before = keys.every()
    with pytest.raises(Conflict, match="first"):
        keys.add(NOW)
    assert keys.every() == before


def test_which_key_may_be_dropped_and_when(tmp_path: Path) -> None:
    keys = MasterKeys.prepared(tmp_path / MASTER_KEY)
    (old,) = keys.every()
    with pytest.raises(Conflict, match="newest"):
        keys.drop(old.id)
    new = keys.add(NOW)
    for id, error in ((new.id, Conflict), ("00000000", NotFound)):
        with pytest.raises(error):
            keys.drop(id)
        with pytest.raises(error):
            keys.require_droppable(id, NOW + OVERLAP)
    with pytest.raises(Conflict, match="2026-05-19T09:30"):
        keys.require_droppable(old.id, NOW + OVERLAP - timedelta(seconds=1))
    keys.require_droppable(old.id, NOW + OVERLAP)
    assert keys.every() == (new, old)
    keys.drop(old.id)
    assert keys.every() == (new,)


def test_a_key_that_was_put_there_by_hand(tmp_path: Path) -> None:
    """Its time is that of the file."""
    keys = MasterKeys.prepared(tmp_path / MASTER_KEY)
    path = tmp_path / MASTER_KEY
    path.write_text("11" * 32 + "\n" + path.read_text())
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    new, old = keys.every()
    assert new.secret == b"\x11" * 32
    with pytest.raises(Conflict):
        keys.require_droppable(old.id, NOW + OVERLAP / 2)
    keys.require_droppable(old.id, NOW + OVERLAP)


@pytest.mark.parametrize(
    "text", ["", "\n", "zz" * 32, "00" * 31, "00" * 32 + " yesterday", "00" * 32 + " 2026-05-17",
             "00" * 32 + "\n00", "00" * 32 + " 2026-05-17T09:30+00:00 more"],
)  # fmt: skip
def test_what_is_no_file_of_keys(tmp_path: Path, text: str) -> None:
    (tmp_path / MASTER_KEY).write_text(text)
    with pytest.raises(FormatError) as caught:
        MasterKeys.prepared(tmp_path / MASTER_KEY)
    assert "00" * 31 not in str(caught.value)
    assert (tmp_path / MASTER_KEY).read_text() == text


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("hush")])
def test_a_file_that_is_spoiled_spoils_no_server(
    tmp_path: Path, spoil: object, caplog: pytest.LogCaptureFixture
) -> None:
    keys = MasterKeys.prepared(tmp_path / MASTER_KEY)
    known = keys.every()
    assert callable(spoil)
    spoil(tmp_path / MASTER_KEY)
    with caplog.at_level(logging.ERROR):
        assert [keys.every() for _ in range(3)] == [known] * 3
    assert len(caplog.records) == 1
    assert "hush" not in caplog.text


def test_those_who_add_at_once_lose_none(tmp_path: Path) -> None:
    """One of them adds; the others are told."""
    MasterKeys.prepared(tmp_path / MASTER_KEY)
    barrier, outcomes = threading.Barrier(8), list[str]()

    def add() -> None:
        keys = MasterKeys.prepared(tmp_path / MASTER_KEY)
        barrier.wait()
        try:
            outcomes.append(keys.add(NOW).id)
        except Conflict:
            outcomes.append("")

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (made,) = filter(None, outcomes)
    assert MasterKeys.prepared(tmp_path / MASTER_KEY).every()[0].id == made


def test_a_disk_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = MasterKeys.prepared(tmp_path / MASTER_KEY)
    before = (tmp_path / MASTER_KEY).read_text()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreError):
            keys.add(NOW)
    assert (tmp_path / MASTER_KEY).read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == [MASTER_KEY]
    assert keys.add(NOW).id == keys.every()[0].id
