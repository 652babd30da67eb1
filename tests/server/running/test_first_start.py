"""The keys of a server: made once, kept, private, and replaced by what is given."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from holdall.core.errors import FormatError, InvalidArgument, StoreError
from holdall.core.secret_files import MASTER_KEY, ROOT_KEY
from holdall.server import first_start
from holdall.server.first_start import prepare, read, read_root_key


def test_they_are_made_once(tmp_path: Path) -> None:
    made = prepare(tmp_path, tmp_path / MASTER_KEY, user="ann")
    assert (made.is_new, made.root.user, len(made.master())) == (True, "ann", 1)
    again = prepare(tmp_path, tmp_path / MASTER_KEY, user="bob")
    assert (again.is_new, again.root, again.master()) == (False, made.root, made.master())
    assert read(tmp_path, tmp_path / MASTER_KEY).root == made.root


def test_they_are_as_tools_expect_them(tmp_path: Path) -> None:
    root = prepare(tmp_path, tmp_path / MASTER_KEY, user="ann").root
    assert len(root.access_key) == 20
    assert root.access_key.startswith("AKIA")
    assert len(root.secret_key) == 40
    first_start.checked(root.access_key, root.secret_key)


def test_nobody_else_may_read_them(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        prepare(tmp_path, tmp_path / MASTER_KEY, user="ann")
    finally:
        os.umask(old)
    for name in (ROOT_KEY, MASTER_KEY):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([ROOT_KEY, MASTER_KEY])


def test_what_is_given_takes_their_place(tmp_path: Path) -> None:
    made = prepare(tmp_path, tmp_path / MASTER_KEY, user="ann")
    given = prepare(
        tmp_path, tmp_path / MASTER_KEY, user="bob", given=("AKIDGIVEN", "given secret")
    )
    assert (given.root.access_key, given.root.secret_key) == ("AKIDGIVEN", "given secret")
    assert (given.is_new, given.root.user, given.master()) == (False, "ann", made.master())
    assert prepare(tmp_path, tmp_path / MASTER_KEY, user="ann").root == given.root
    assert (tmp_path / ROOT_KEY).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("access_key", "secret_key"),
    [("ab", "long enough"), ("a b c", "long enough"), ("a/b/c", "long enough"), ("abc", "short"),
     ("äöü", "long enough"), ("x" * 129, "long enough"), ("a,b", "long enough")],
)  # fmt: skip
def test_what_cannot_sign_is_refused(tmp_path: Path, access_key: str, secret_key: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        prepare(tmp_path, tmp_path / MASTER_KEY, user="ann", given=(access_key, secret_key))
    assert secret_key not in str(caught.value)
    assert not (tmp_path / ROOT_KEY).exists()


def test_many_that_start_at_once_agree(tmp_path: Path) -> None:
    found: list[object] = []
    barrier = threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        keys = prepare(tmp_path, tmp_path / MASTER_KEY, user="ann")
        found.append((keys.root.access_key, keys.root.secret_key, keys.master()))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", '{"access_key": 1}', "\xff"])
def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / ROOT_KEY
    path.write_text(text, "utf-8")
    with pytest.raises(FormatError):
        prepare(tmp_path, tmp_path / MASTER_KEY, user="ann")
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize("text", ["", "abcd", "zz" * 32, "00" * 31])
def test_a_broken_master_key_is_not_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / MASTER_KEY
    path.write_text(text)
    with pytest.raises(FormatError):
        prepare(tmp_path, tmp_path / MASTER_KEY, user="ann")
    assert path.read_text() == text


def test_an_error_does_not_show_the_secret(tmp_path: Path) -> None:
    (tmp_path / ROOT_KEY).write_text('{"secret_key": "hush", ')
    with pytest.raises(FormatError) as caught:
        read_root_key(tmp_path)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_neither_do_values(tmp_path: Path) -> None:
    keys = prepare(tmp_path, tmp_path / MASTER_KEY, user="ann", given=("AKIDGIVEN", "given secret"))
    assert "given secret" not in repr(keys)
    (master,) = keys.master.every()
    for shown in (repr(keys), repr(keys.master), repr(master)):
        assert master.secret.hex() not in shown
        assert repr(master.secret) not in shown


@pytest.mark.parametrize("name", [MASTER_KEY, ROOT_KEY])
def test_reading_makes_nothing(tmp_path: Path, name: str) -> None:
    prepare(tmp_path, tmp_path / MASTER_KEY, user="ann")
    (tmp_path / name).unlink()
    with pytest.raises(StoreError):
        read(tmp_path, tmp_path / MASTER_KEY)
    assert not (tmp_path / name).exists()


def test_a_disk_that_is_full_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError):
        prepare(tmp_path, tmp_path / MASTER_KEY, user="ann")
    assert list(tmp_path.iterdir()) == []


def test_exposed_files_are_told(tmp_path: Path) -> None:
    prepare(tmp_path, tmp_path / MASTER_KEY, user="ann")
    assert first_start.exposed(tmp_path) == []
    (tmp_path / ROOT_KEY).chmod(0o644)
    assert first_start.exposed(tmp_path) == [ROOT_KEY]


def test_the_master_key_may_lie_elsewhere(tmp_path: Path) -> None:
    store, elsewhere = tmp_path / "store", tmp_path / "elsewhere"
    store.mkdir()
    made = prepare(store, elsewhere, user="ann")
    assert not (store / MASTER_KEY).exists()
    assert elsewhere.stat().st_mode & 0o777 == 0o600
    assert read(store, elsewhere).master() == made.master()
