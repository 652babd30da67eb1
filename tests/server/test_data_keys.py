"""Data keys are wrapped so that only the same key, for the same purpose, unwraps them."""

from __future__ import annotations

import pytest

from holdall.core.errors import WrongKey
from holdall.server.data_keys import customer_key, server_key

KEY, DATA = bytes(range(32)), bytes(range(100, 132))


def test_what_was_wrapped_is_unwrapped() -> None:
    for make in (server_key, customer_key):
        wrapped = make(KEY).seal.wrap(DATA)
        assert DATA not in wrapped
        assert make(KEY).unseal(wrapped) == DATA


def test_it_looks_different_each_time() -> None:
    assert server_key(KEY).seal.wrap(DATA) != server_key(KEY).seal.wrap(DATA)


def test_another_key_or_another_purpose_does_not_unwrap() -> None:
    wrapped = server_key(KEY).seal.wrap(DATA)
    for other in (server_key(bytes(32)), customer_key(KEY)):
        with pytest.raises(WrongKey):
            other.unseal(wrapped)


@pytest.mark.parametrize("position", [0, 5, 20, -1])
def test_what_was_changed_does_not_unwrap(position: int) -> None:
    wrapped = bytearray(server_key(KEY).seal.wrap(DATA))
    wrapped[position] ^= 1
    with pytest.raises(WrongKey):
        server_key(KEY).unseal(bytes(wrapped))


def test_only_customers_objects_hide_their_digest() -> None:
    assert (server_key(KEY).seal.opaque, customer_key(KEY).seal.opaque) == (False, True)
