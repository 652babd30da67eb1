"""What a transfer is good for when it goes on: exactly what asked for it, and only while that
stands."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from holdall.server.accounts import Accounts
from holdall.server.authorisation import Caller
from holdall.server.keys import Key
from holdall.server.sessions import Sessions
from holdall.server.state import State
from holdall.server.transfers.rights import LIFETIME, Rights
from holdall.server.transfers.values import Claim, Stopped
from tests.server.clock import Clock

NOW = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
PARENT = Key("AKIDPARENT", "parent secret", Caller(kind="user", user="ann", canonical_id="1"))
POLICY = json.dumps({"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}})
PLAIN = Claim(user="ann", access_key=PARENT.id, permanent=PARENT.id)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(bytes(32), clock)


def rights(sessions: Sessions, clock: Clock, *keys: Key) -> Rights:
    engine: Any = None  # which nobody asks here
    return Rights(State(engine, Accounts(*keys, sessions=sessions), now=clock), sessions)


async def test_the_credentials_are_those_of_the_caller(sessions: Sessions, clock: Clock) -> None:
    granted = await rights(sessions, clock, PARENT).grant(PLAIN)
    made = granted.credentials
    session = sessions.read(made.access_key, str(made.session_token))
    assert (session.user, session.parent) == ("ann", PARENT.id)
    assert session.expires == granted.until == NOW + LIFETIME
    assert granted.key.caller.user == "ann"


async def test_they_are_as_narrow_as_what_asked(sessions: Sessions, clock: Clock) -> None:
    claim = replace(PLAIN, buckets=("a",), read_only=True, policy=POLICY)
    granted = await rights(sessions, clock, PARENT).grant(claim)
    made = granted.credentials
    session = sessions.read(made.access_key, str(made.session_token))
    assert (session.buckets, session.read_only, session.policy) == (("a",), True, POLICY)
    scope = granted.key.caller.key
    assert scope is not None
    assert (scope.buckets, scope.read_only, len(scope.policies)) == (frozenset("a"), True, 1)


async def test_they_end_with_what_asked(sessions: Sessions, clock: Clock) -> None:
    claim = replace(PLAIN, expires=NOW + timedelta(hours=1))
    asking = rights(sessions, clock, PARENT)
    assert (await asking.grant(claim)).until == claim.expires
    clock.now += timedelta(hours=1)
    with pytest.raises(Stopped, match="ExpiredToken"):
        await asking.grant(claim)


async def test_a_key_that_is_gone_or_somebody_elses(sessions: Sessions, clock: Clock) -> None:
    with pytest.raises(Stopped, match="KeyRevoked"):
        await rights(sessions, clock).grant(PLAIN)
    theirs = replace(PARENT, caller=replace(PARENT.caller, user="bob"))
    with pytest.raises(Stopped, match="KeyRevoked"):
        await rights(sessions, clock, theirs).grant(PLAIN)
