from __future__ import annotations

import pytest

from holdall.server.access.acls import Acl, Grant, Group, User, from_json, private, to_json

from .people import ALICE, BOB, CAROL, acl


@pytest.mark.parametrize(
    ("who", "user_id", "expected"),
    [
        (BOB, BOB.id, True),
        (BOB, CAROL.id, False),
        (BOB, "", False),
        (User(""), "", False),
        (Group.ALL_USERS, CAROL.id, True),
        (Group.ALL_USERS, "", True),
        (Group.AUTHENTICATED_USERS, CAROL.id, True),
        (Group.AUTHENTICATED_USERS, "", False),
        (Group.LOG_DELIVERY, CAROL.id, False),
    ],
)
def test_whom_a_grant_reaches(who: User | Group, user_id: str, expected: bool) -> None:
    assert Grant(who, "READ").reaches(user_id) is expected
    assert any(acl(ALICE, READ=who).granting("READ", user_id)) is expected


def test_full_control_is_all_permissions() -> None:
    found = acl(ALICE, FULL_CONTROL=BOB)
    assert all(
        any(found.granting(wanted, BOB.id)) for wanted in ("READ", "WRITE", "READ_ACP", "WRITE_ACP")
    )
    assert not any(acl(ALICE, READ=BOB).granting("WRITE", BOB.id))


def test_public_and_private_lists() -> None:
    assert private(ALICE).is_private
    assert Acl(ALICE, ()).is_private
    assert not private(ALICE).is_public
    for who in (Group.ALL_USERS, Group.AUTHENTICATED_USERS):
        assert acl(ALICE, READ_ACP=who).is_public
    for found in (acl(ALICE, WRITE=BOB), acl(ALICE, WRITE=Group.LOG_DELIVERY)):
        assert not found.is_public
        assert not found.is_private


def test_lists_are_stored_as_they_are() -> None:
    found = acl(
        User("a" * 64, 'Ä "x"'), READ=Group.ALL_USERS, WRITE=BOB, READ_ACP=Group.LOG_DELIVERY
    )
    assert from_json(to_json(found)) == found
    assert from_json(to_json(Acl(ALICE, ()))) == Acl(ALICE, ())
