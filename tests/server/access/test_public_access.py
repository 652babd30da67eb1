from __future__ import annotations

import itertools

import pytest

from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.server.access.acls import Group, private
from holdall.server.access.public_access import PublicAccessBlock, from_xml, policy_status, to_xml

from .people import ALICE, BOB, acl, policy, statement

ROOT = "PublicAccessBlockConfiguration"
PUBLIC = policy(statement())
FIXED = policy(statement(Principal={"AWS": "bob"}))


@pytest.mark.parametrize("flags", list(itertools.product([False, True], repeat=4)))
def test_what_is_written_can_be_read(flags: tuple[bool, bool, bool, bool]) -> None:
    assert from_xml(to_xml(PublicAccessBlock(*flags))) == PublicAccessBlock(*flags)


def test_what_is_left_out_is_off() -> None:
    body = f"<{ROOT}><RestrictPublicBuckets> TRUE </RestrictPublicBuckets></{ROOT}>".encode()
    assert from_xml(body) == PublicAccessBlock(restrict_public_buckets=True)
    assert from_xml(f"<{ROOT}/>".encode()) == PublicAccessBlock()


def test_the_names_are_those_of_s3() -> None:
    names = [child.name for child in xml.parse(to_xml(PublicAccessBlock()), ROOT).children]
    assert names == [
        "BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"
    ]  # fmt: skip


@pytest.mark.parametrize("inside", ["<BlockPublicAcls>1</BlockPublicAcls>", "<Block>true</Block>"])
def test_what_is_no_block(inside: str) -> None:
    with pytest.raises(S3Error) as caught:
        from_xml(f"<{ROOT}>{inside}</{ROOT}>".encode())
    assert caught.value.code == "MalformedXML"


def test_blocked_lists() -> None:
    block = PublicAccessBlock(block_public_acls=True)
    for allowed in (private(ALICE), acl(ALICE, WRITE=BOB), acl(ALICE, WRITE=Group.LOG_DELIVERY)):
        block.admit_acl(allowed)
    for group in (Group.ALL_USERS, Group.AUTHENTICATED_USERS):
        PublicAccessBlock(ignore_public_acls=True).admit_acl(acl(ALICE, READ=group))
        with pytest.raises(S3Error) as caught:
            block.admit_acl(acl(ALICE, READ=group))
        assert caught.value.code == "AccessDenied"


def test_blocked_policies() -> None:
    block = PublicAccessBlock(block_public_policy=True)
    block.admit_policy(FIXED)
    PublicAccessBlock(restrict_public_buckets=True).admit_policy(PUBLIC)
    with pytest.raises(S3Error) as caught:
        block.admit_policy(PUBLIC)
    assert caught.value.code == "AccessDenied"


def test_the_status_of_a_policy() -> None:
    def status(*documents: object) -> str:
        return xml.parse(policy_status(*documents), "PolicyStatus").need("IsPublic")  # type: ignore[arg-type]

    assert status(PUBLIC) == "true"
    assert status(FIXED) == status(None) == status(FIXED, private(ALICE)) == "false"
    assert status(None, acl(ALICE, READ=Group.ALL_USERS)) == "true"
