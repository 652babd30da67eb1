from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from holdall.s3.errors import S3Error
from holdall.server import locks
from holdall.server.locks import Default, Retention

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def later(days):
    return NOW + timedelta(days=days)


class Call:
    """What `locks` needs of one, from a caller who may do `actions`."""

    key, version = "key", None

    def __init__(self, *actions, locked=True, **headers):
        self.actions = actions
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.bucket = SimpleNamespace(locked=locked)
        self.state = SimpleNamespace(now=lambda: NOW)

    def header(self, name):
        return self.headers.get(name)

    async def may(self, action, **more):
        return action in self.actions

    async def require(self, action, **more):
        if action not in self.actions:
            raise S3Error("AccessDenied")


def change(old, new, *, bypass=False):
    """Whether a retention may become another."""
    try:
        locks.admit_change(old and old.to_mark(), new, NOW, bypass=bypass)
    except S3Error as error:
        return {"AccessDenied": False}[error.code]
    return True


G, C = "GOVERNANCE", "COMPLIANCE"


@pytest.mark.parametrize(
    ("old", "new", "plain", "bypassed"),
    [
        (None, Retention(C, later(1)), True, True),
        (None, None, True, True),
        (Retention(C, later(-1)), None, True, True),
        (Retention(C, NOW), Retention(G, later(1)), True, True),
        (Retention(G, later(2)), Retention(G, later(2)), True, True),
        (Retention(G, later(2)), Retention(G, later(3)), True, True),
        (Retention(G, later(2)), Retention(G, later(1)), False, True),
        (Retention(G, later(2)), Retention(C, later(3)), False, True),
        (Retention(G, later(2)), None, False, True),
        (Retention(C, later(2)), Retention(C, later(3)), True, True),
        (Retention(C, later(2)), Retention(C, later(1)), False, False),
        (Retention(C, later(2)), Retention(G, later(3)), False, False),
        (Retention(C, later(2)), None, False, False),
    ],
)
def test_changes(old, new, plain, bypassed):
    assert change(old, new) is plain
    assert change(old, new, bypass=True) is bypassed


def test_as_stored():
    found = Retention(G, NOW.replace(microsecond=123_456))
    assert locks.retention_of({"retention": found.to_mark()}) == found
    assert locks.retention_of({}) is None


def test_a_document():
    west = timezone(timedelta(hours=-5))
    body = Retention(C, later(1)).to_xml()
    assert b"<RetainUntilDate>2026-01-02T00:00:00Z<" in body
    assert locks.retention_from_xml(body, NOW) == Retention(C, later(1))
    assert Retention(C, later(1).astimezone(west)).to_xml() == body
    assert locks.retention_from_xml(b"<Retention/>", NOW) is None


@pytest.mark.parametrize("default", [Default(G, "days", 1), Default(C, "years", 100)])
def test_defaults(default):
    shown = locks.configuration_to_xml(default.to_setting())
    assert locks.default_from_xml(shown) == default
    assert locks.default_from_xml(locks.configuration_to_xml(None)) is None


async def test_the_bypass_needs_the_header_and_the_permission():
    action = "s3:BypassGovernanceRetention"
    assert await locks.may_bypass(Call(action, x_amz_bypass_governance_retention="true"), "key")
    assert not await locks.may_bypass(Call(x_amz_bypass_governance_retention="true"), "key")
    assert not await locks.may_bypass(
        Call(action, x_amz_bypass_governance_retention="false"), "key"
    )
    assert not await locks.may_bypass(Call(action), "key")


MARKS = {"retention": Retention(G, later(1)).to_mark(), "hold": "ON"}


async def test_what_is_shown_to_whom():
    retention = [
        ("x-amz-object-lock-mode", "GOVERNANCE"),
        ("x-amz-object-lock-retain-until-date", "2026-01-02T00:00:00Z"),
    ]
    hold = [("x-amz-object-lock-legal-hold", "ON")]
    see, know = "s3:GetObjectRetention", "s3:GetObjectLegalHold"
    assert await locks.lock_headers(Call(see, know), MARKS) == retention + hold
    assert await locks.lock_headers(Call(see), MARKS) == retention
    assert await locks.lock_headers(Call(know), MARKS) == hold
    assert await locks.lock_headers(Call(), MARKS) == []
    assert await locks.lock_headers(Call(see, know), {}) == []


def test_marks_from_headers():
    call = Call(
        x_amz_object_lock_mode="GOVERNANCE",
        x_amz_object_lock_retain_until_date="2026-01-02T00:00:00Z",
        x_amz_object_lock_legal_hold="ON",
    )
    assert locks.lock_marks(call) == MARKS
    assert locks.lock_marks(Call()) == {}
    assert locks.lock_marks(Call(x_amz_object_lock_legal_hold="OFF")) == {"hold": "OFF"}


async def test_locking_is_a_permission_of_its_own():
    hold = {"x_amz_object_lock_legal_hold": "ON"}
    kept = {"retention": MARKS["retention"]}
    await locks.require_lock_actions(Call(), {})
    await locks.require_lock_actions(Call("s3:PutObjectLegalHold", **hold), {"hold": "ON"})
    await locks.require_lock_actions(Call("s3:PutObjectRetention"), kept)
    with pytest.raises(S3Error, match="AccessDenied"):
        await locks.require_lock_actions(Call("s3:PutObjectRetention", **hold), {"hold": "ON"})
    with pytest.raises(S3Error, match="AccessDenied"):
        await locks.require_lock_actions(Call("s3:PutObjectLegalHold"), kept)


@pytest.mark.parametrize(("days", "counted"), [(10, "10"), (10.5, "11"), (0.1, "1")])
def test_a_day_that_has_begun_counts(days, counted):
    keys = Retention(G, later(days)).condition_keys(later(0))
    assert keys["s3:object-lock-remaining-retention-days"] == counted
