from __future__ import annotations

import pytest

from holdall.s3.errors import S3Error
from holdall.server.access.acls import Grant, Group, Kind, User
from holdall.server.access.canned import EC2, canned

from .people import ALICE, BOB

EVERYBODY, USERS, LOGS = Group.ALL_USERS, Group.AUTHENTICATED_USERS, Group.LOG_DELIVERY


@pytest.mark.parametrize(
    ("name", "on", "others"),
    [
        ("private", "bucket", []),
        ("private", "object", []),
        ("public-read", "object", [(EVERYBODY, "READ")]),
        ("public-read-write", "bucket", [(EVERYBODY, "READ"), (EVERYBODY, "WRITE")]),
        ("authenticated-read", "bucket", [(USERS, "READ")]),
        ("aws-exec-read", "object", [(EC2, "READ")]),
        ("bucket-owner-read", "object", [(ALICE, "READ")]),
        ("bucket-owner-full-control", "object", [(ALICE, "FULL_CONTROL")]),
        ("bucket-owner-read", "bucket", []),
        ("bucket-owner-full-control", "bucket", []),
        ("log-delivery-write", "bucket", [(LOGS, "WRITE"), (LOGS, "READ_ACP")]),
    ],
)
def test_canned_lists(name: str, on: Kind, others: list[tuple[User | Group, str]]) -> None:
    found = canned(name, on, BOB, ALICE)
    assert found.owner == BOB
    assert found.grants == (Grant(BOB, "FULL_CONTROL"), *others)


@pytest.mark.parametrize("name", ["bucket-owner-read", "bucket-owner-full-control"])
def test_an_owner_is_granted_once(name: str) -> None:
    assert canned(name, "object", ALICE, ALICE).grants == (Grant(ALICE, "FULL_CONTROL"),)


@pytest.mark.parametrize(
    ("name", "on"),
    [("", "bucket"), ("Private", "object"), ("public", "bucket"), ("log-delivery-write", "object")],
)
def test_unknown_names(name: str, on: Kind) -> None:
    with pytest.raises(S3Error) as caught:
        canned(name, on, ALICE, ALICE)
    assert caught.value.code == "InvalidArgument"
    assert caught.value.facts == {"ArgumentName": "x-amz-acl", "ArgumentValue": name}
