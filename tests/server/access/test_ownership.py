from __future__ import annotations

import pytest

from holdall.s3.errors import S3Error
from holdall.server.access.acl_requests import Asked
from holdall.server.access.acls import Acl, Grant, Group, User, private
from holdall.server.access.ownership import (
    SETTINGS,
    Ownership,
    admit_acl,
    admit_bucket_acl,
    admit_setting,
    from_xml,
    owner_of_new,
    setting,
    to_xml,
)

from .people import ALICE, BOB, acl

FULL = Asked(canned="bucket-owner-full-control")


@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_written_can_be_read(name: Ownership) -> None:
    assert from_xml(to_xml(name)) == setting(name) == name


def rules(*names: str) -> bytes:
    inside = "".join(f"<Rule><ObjectOwnership>{name}</ObjectOwnership></Rule>" for name in names)
    return f"<OwnershipControls>{inside}</OwnershipControls>".encode()


@pytest.mark.parametrize(
    "body",
    [b"", rules(), rules("Me"), rules(""), rules("ObjectWriter", "ObjectWriter"),
     b"<OwnershipControls><Rule/></OwnershipControls>", b"<Rule/>",
     b"<OwnershipControls><x/></OwnershipControls>"],
)  # fmt: skip
def test_what_are_no_controls(body: bytes) -> None:
    with pytest.raises(S3Error) as caught:
        from_xml(body)
    assert caught.value.code == "MalformedXML"


def test_the_header_has_its_own_error() -> None:
    with pytest.raises(S3Error) as caught:
        setting("objectwriter")
    assert caught.value.code == "InvalidArgument"


@pytest.mark.parametrize(
    ("ownership", "asked", "acts", "expected"),
    [
        ("BucketOwnerEnforced", None, False, ALICE),
        ("BucketOwnerPreferred", None, False, BOB),
        ("BucketOwnerPreferred", FULL, False, ALICE),
        ("BucketOwnerPreferred", Asked(grants=(Grant(ALICE, "FULL_CONTROL"),)), False, BOB),
        ("ObjectWriter", FULL, False, BOB),
        ("ObjectWriter", None, False, BOB),
        ("ObjectWriter", None, True, ALICE),
        ("BucketOwnerPreferred", None, True, ALICE),
    ],
)
def test_who_owns_what_is_written(
    ownership: Ownership, asked: Asked | None, acts: bool, expected: User
) -> None:
    assert owner_of_new(ownership, BOB, ALICE, asked, acts_for_owner=acts) == expected


def test_what_nobody_wrote_is_the_bucket_owners() -> None:
    assert owner_of_new("ObjectWriter", User(""), ALICE, None, acts_for_owner=False) == ALICE


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        (FULL, True),
        (Asked(grants=(Grant(ALICE, "FULL_CONTROL"),)), True),
        (Asked(canned="private"), False),
        (Asked(canned="public-read"), False),
        (Asked(grants=()), False),
        (Asked(grants=(Grant(ALICE, "READ"),)), False),
        (Asked(grants=(Grant(ALICE, "FULL_CONTROL"), Grant(BOB, "READ"))), False),
        (Asked(grants=(Grant(Group.ALL_USERS, "FULL_CONTROL"),)), False),
    ],
)
def test_lists_while_they_are_disabled(asked: Asked, allowed: bool) -> None:
    admit_acl("ObjectWriter", asked, ALICE)
    admit_acl("BucketOwnerPreferred", asked, ALICE)
    if allowed:
        admit_acl("BucketOwnerEnforced", asked, ALICE)
        return
    with pytest.raises(S3Error) as caught:
        admit_acl("BucketOwnerEnforced", asked, ALICE)
    assert (caught.value.code, caught.value.status) == ("AccessControlListNotSupported", 400)


def test_lists_of_buckets_while_they_are_disabled() -> None:
    admit_bucket_acl("BucketOwnerPreferred")
    with pytest.raises(S3Error) as caught:
        admit_bucket_acl("BucketOwnerEnforced")
    assert caught.value.code == "AccessControlListNotSupported"


def test_disabling_lists_demands_a_private_one() -> None:
    shared = acl(ALICE, READ=BOB)
    admit_setting("ObjectWriter", shared)
    admit_setting("BucketOwnerEnforced", private(ALICE))
    admit_setting("BucketOwnerEnforced", Acl(ALICE, ()))
    with pytest.raises(S3Error) as caught:
        admit_setting("BucketOwnerEnforced", shared)
    assert caught.value.code == "InvalidBucketAclWithObjectOwnership"
