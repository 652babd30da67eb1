"""Temporary credentials: sealed into their token, no wider and no longer than they may be."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.s3.errors import S3Error
from holdall.server.access.callers import KeyScope
from holdall.server.authorisation import Caller
from holdall.server.keys import Key
from holdall.server.sessions import Session, Sessions
from tests.server.clock import Clock

NOW = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
MASTER = bytes(32)
PARENT = Key("AKIDPARENT", "parent secret", Caller(kind="user", user="ann", canonical_id="1"))
POLICY = json.dumps({"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}})
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(MASTER, clock)


def test_the_token_holds_all(sessions: Sessions) -> None:
    made, token = sessions.make(PARENT, HOUR, buckets=("a", "b"), read_only=True, policy=POLICY)
    assert sessions.read(made.access_key, token) == made
    assert (made.parent, made.user, made.expires) == ("AKIDPARENT", "ann", NOW + HOUR)
    assert made.access_key.startswith("ASIA")


def test_nobody_reads_the_token(sessions: Sessions) -> None:
    made, token = sessions.make(PARENT, HOUR)
    raw = base64.urlsafe_b64decode(token)
    for secret in (made.secret_key, PARENT.secret, "ann"):
        assert secret.encode() not in raw
    assert made.secret_key not in repr(made)


def test_it_ends(sessions: Sessions, clock: Clock) -> None:
    made, token = sessions.make(PARENT, HOUR)
    clock.now = NOW + HOUR - timedelta(microseconds=1)
    assert sessions.read(made.access_key, token) == made
    clock.now = NOW + HOUR
    assert code(sessions, made.access_key, token) == "ExpiredToken"


def code(sessions: Sessions, access_key: str, token: str) -> str:
    with pytest.raises(S3Error) as caught:
        sessions.read(access_key, token)
    return caught.value.code


def test_a_token_is_good_for_one_key(sessions: Sessions) -> None:
    made, token = sessions.make(PARENT, HOUR)
    other, _ = sessions.make(PARENT, HOUR)
    assert code(sessions, other.access_key, token) == "InvalidToken"
    assert code(sessions, PARENT.id, token) == "InvalidToken"
    elsewhere = Sessions(b"x" * 32, lambda: NOW)
    assert code(elsewhere, made.access_key, token) == "InvalidToken"


@given(st.text(max_size=200))
def test_any_other_token_is_invalid(token: str) -> None:
    assert code(Sessions(MASTER, lambda: NOW), "ASIAX", token) == "InvalidToken"


def test_an_endless_token_is_invalid(sessions: Sessions) -> None:
    assert code(sessions, "ASIAX", "A" * 20_000) == "InvalidToken"


def test_it_is_narrowed_and_never_widened(sessions: Sessions) -> None:
    narrow = replace(PARENT, caller=replace(PARENT.caller, key=KeyScope(frozenset("ab"), True)))
    made, _ = sessions.make(narrow, HOUR, buckets=("b", "c"))
    key = sessions.key(made, narrow)
    assert key is not None
    assert key.caller.key == KeyScope(frozenset("b"), True)
    assert (key.parent, key.secret) == (PARENT.id, made.secret_key)


def test_without_wishes_it_reaches_as_far_as_its_parent(sessions: Sessions) -> None:
    made, _ = sessions.make(PARENT, HOUR)
    key = sessions.key(made, PARENT)
    assert key is not None
    assert key.caller == replace(PARENT.caller, key=KeyScope())


def test_no_buckets_are_none(sessions: Sessions) -> None:
    made, _ = sessions.make(PARENT, HOUR, buckets=())
    key = sessions.key(made, PARENT)
    assert key is not None
    assert key.caller.key == KeyScope(frozenset())


def test_its_parent_is_still_the_same_users(sessions: Sessions) -> None:
    made, _ = sessions.make(PARENT, HOUR)
    other = replace(PARENT, caller=replace(PARENT.caller, user="bob"))
    assert sessions.key(made, other) is None


def test_temporary_ones_make_no_others(sessions: Sessions) -> None:
    made, _ = sessions.make(PARENT, HOUR)
    key = sessions.key(made, PARENT)
    assert key is not None
    with pytest.raises(S3Error, match="AccessDenied"):
        sessions.make(key, HOUR)


@pytest.mark.parametrize("policy", ["", "{", "{}", "x" * 2049])
def test_a_bad_policy_is_refused(sessions: Sessions, policy: str) -> None:
    with pytest.raises(S3Error, match="MalformedPolicy"):
        sessions.make(PARENT, HOUR, policy=policy)


def test_its_facts_are_all_packed(sessions: Sessions) -> None:
    """A field that is forgotten in the token would come back with its default."""
    made, token = sessions.make(PARENT, HOUR, buckets=("a",), read_only=True, policy=POLICY)
    assert {name for name in Session.__slots__ if getattr(made, name) in (None, False, ())} == set()
    assert sessions.read(made.access_key, token) == made
