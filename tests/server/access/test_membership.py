from __future__ import annotations

import pytest

from holdall.server.access.actions import Level
from holdall.server.access.callers import Role
from holdall.server.access.demands import BucketGrant
from holdall.server.access.membership import standing

from .people import ANONYMOUS, bucket, caller, root


def test_owners() -> None:
    found = standing(caller("alice"), bucket())
    assert found is not None
    assert (found.level, found.owns) == ("manage", True)
    assert standing(caller("carol"), bucket()) is None
    assert standing(root(), bucket()) is None


def test_nobody_has_no_standing() -> None:
    """Though its name is as empty as an owner's might be."""
    assert standing(ANONYMOUS, bucket(owner="", grants=(BucketGrant("", "manage"),))) is None


@pytest.mark.parametrize(
    ("role", "level", "owns"),
    [("owner", "manage", True), ("admin", "manage", True), ("member", "write", False),
     ("reader", "read", False)],
)  # fmt: skip
def test_roles(role: Role, level: Level, owns: bool) -> None:
    found = standing(caller(orgs={"acme": role}), bucket(owner="org:acme"))
    assert found is not None
    assert (found.level, found.owns) == (level, owns)
    assert standing(caller(orgs={"acme": role}), bucket(owner="org:other")) is None
    assert standing(caller(orgs={"acme": role}), bucket(owner="acme")) is None


def test_a_user_is_no_organisation_of_the_same_name() -> None:
    assert standing(caller("acme"), bucket(owner="org:acme")) is None
    assert standing(caller("acme"), bucket(grants=(BucketGrant("org:acme", "read"),))) is None
    grants = (BucketGrant("acme", "read"),)
    assert standing(caller(orgs={"acme": "owner"}), bucket(grants=grants)) is None


@pytest.mark.parametrize(
    ("level", "role", "expected"),
    [("manage", "reader", "read"), ("read", "owner", "read"), ("write", "member", "write"),
     ("manage", "admin", "manage")],
)  # fmt: skip
def test_grants_to_organisations_go_no_further_than_roles(
    level: Level, role: Role, expected: Level
) -> None:
    grants = (BucketGrant("org:acme", level),)
    found = standing(caller(orgs={"acme": role}), bucket(grants=grants))
    assert found is not None
    assert (found.level, found.owns) == (expected, False)


def test_the_farthest_counts() -> None:
    grants = (BucketGrant("carol", "write"), BucketGrant("org:acme", "read"))
    found = standing(caller(orgs={"acme": "member"}), bucket(grants=grants))
    assert found is not None
    assert found.level == "write"
    assert found.covers("read")
    assert found.covers("write")
    assert not found.covers("manage")
    assert "carol was granted write" in found.reason
