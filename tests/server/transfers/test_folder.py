"""The folder that transfers stand in."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from holdall.core.errors import FormatError, NotFound
from holdall.server.transfers.folder import KEPT, TRANSFERS, Folder
from holdall.server.transfers.values import Claim, Counts, End, Failed, Transfer, Wanted, new_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def transfer(at: datetime = NOW) -> Transfer:
    return Transfer(
        id=new_id(at),
        claim=Claim(
            user="ü", access_key="k", permanent="p", expires=NOW, buckets=("a",), policy="{}"
        ),
        wanted=Wanted(source=End(bucket="a"), target=End(bucket="b"), at=NOW, include=("x",)),
        created=at,
        counts=Counts(steps={"copy": 1}, failures=(Failed("k\n", "Busy"),) * 100),
    )


def test_what_is_kept_comes_back(folder: Folder) -> None:
    assert folder.ids() == []
    first, second = transfer(), transfer(NOW + timedelta(seconds=1))
    folder.add(second)
    folder.add(first)
    assert folder.ids() == [first.id, second.id]
    assert folder.ids(first.id) == [second.id]
    assert list(folder.every()) == [first, second]
    with pytest.raises(NotFound):
        folder.get(new_id(NOW))


@pytest.mark.parametrize("id", ["../../etc/passwd", "", "x", "0" * 23, "0" * 25, "A" * 24])
def test_what_is_no_id_is_no_path(folder: Folder, id: str) -> None:
    folder.add(transfer())
    for method in (folder.get, folder.hold, folder.ask_to_cancel, folder.forget):
        with pytest.raises(NotFound):
            method(id)


def test_one_holds_it(folder: Folder, tmp_path: Path) -> None:
    made = transfer()
    folder.add(made)
    held = folder.hold(made.id)
    assert held is not None
    assert held.transfer == made
    assert folder.hold(made.id) is None
    held.release()
    again = folder.hold(made.id)
    assert again is not None
    folder.ask_to_cancel(made.id)
    assert folder.is_to_be_cancelled(made.id)
    again.save(made.over("cancelled", NOW))
    again.release()
    assert folder.hold(made.id) is None, "it is over"
    assert [path.name for path in (tmp_path / TRANSFERS).iterdir()] == [f"{made.id}.json"]
    folder.forget(made.id)
    assert folder.hold(made.id) is None
    assert list((tmp_path / TRANSFERS).iterdir()) == []


def _hold_and_die(directory: Path, id: str) -> None:
    held = Folder(directory).hold(id)
    os._exit(0 if held is not None else 1)


def test_a_death_frees_it(folder: Folder, tmp_path: Path) -> None:
    made = transfer()
    folder.add(made)
    process = multiprocessing.get_context("spawn").Process(
        target=_hold_and_die, args=(tmp_path, made.id)
    )
    process.start()
    process.join(60)
    assert process.exitcode == 0
    held = folder.hold(made.id)
    assert held is not None
    held.release()


def test_a_lock_that_was_taken_away_is_none(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the opening and the locking its holder ended and removed it."""
    made = transfer()
    folder.add(made)
    lock = tmp_path / TRANSFERS / f"{made.id}.lock"
    flock, calls = fcntl.flock, list[int]()

    def late(file: int, operation: int) -> None:
        if not calls:
            lock.unlink()
        calls.append(file)
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    held = folder.hold(made.id)
    assert held is not None
    assert len(calls) == 2
    assert lock.exists()
    assert folder.hold(made.id) is None
    held.release()


def test_a_file_of_something_else(folder: Folder, tmp_path: Path) -> None:
    made = transfer()
    folder.add(made)
    other = replace(made, id=new_id(NOW))
    folder.add(other)
    (tmp_path / TRANSFERS / f"{made.id}.json").write_text('{"id": ')
    with pytest.raises(FormatError):
        folder.get(made.id)
    with pytest.raises(FormatError):
        folder.hold(made.id)
    assert list(folder.every()) == [other]


def test_old_ones_are_forgotten(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdall.server.transfers.folder.MOST_KEPT", 2)
    ages = [KEPT + timedelta(1), timedelta(3), timedelta(2), timedelta(1)]
    made = [transfer(NOW - age).over("done", NOW - age) for age in ages]
    running = transfer(NOW - timedelta(300))
    for each in (*made, running):
        folder.add(each)
    half = tmp_path / TRANSFERS / f".{running.id}.json.0123"
    half.write_text("{")
    os.utime(half, (0, 0))
    folder.tidy(NOW)
    assert folder.ids() == sorted([running.id, made[2].id, made[3].id])
    assert not half.exists()
