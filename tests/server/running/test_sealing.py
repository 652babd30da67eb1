"""Sealed secrets open for whom they were sealed, and for nobody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.server.sealing import KEY_BYTES, Broken, Sealer, derived

MASTER = bytes(range(KEY_BYTES))


@given(st.binary(max_size=300), st.text(st.characters(codec="utf-8"), max_size=30))
def test_what_is_sealed_opens(plain: bytes, about: str) -> None:
    sealer = Sealer(MASTER, "tests")
    sealed = sealer.seal(plain, about)
    assert sealer.unseal(sealed, about) == plain
    assert len(plain) < 8 or plain not in sealed


def test_twice_the_same_looks_different() -> None:
    sealer = Sealer(MASTER, "tests")
    assert sealer.seal(b"secret") != sealer.seal(b"secret")


@pytest.mark.parametrize(
    ("master", "purpose", "about"),
    [
        (bytes(reversed(MASTER)), "tests", "me"),
        (MASTER, "other", "me"),
        (MASTER, "tests", "you"),
    ],
)
def test_it_opens_for_nobody_else(master: bytes, purpose: str, about: str) -> None:
    sealed = Sealer(MASTER, "tests").seal(b"secret", "me")
    with pytest.raises(Broken):
        Sealer(master, purpose).unseal(sealed, about)


@given(st.data())
def test_a_changed_byte_is_noticed(data: st.DataObject) -> None:
    sealer = Sealer(MASTER, "tests")
    sealed = bytearray(sealer.seal(b"some secret"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Broken):
        sealer.unseal(bytes(sealed))


@given(st.binary(max_size=64))
def test_anything_else_is_broken(found: bytes) -> None:
    with pytest.raises(Broken):
        Sealer(MASTER, "tests").unseal(found)


def test_a_short_master_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(b"short", "tests")


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = {derived(MASTER, purpose) for purpose in ("a", "b", "c")}
    assert len(keys) == 3
    assert MASTER not in keys
