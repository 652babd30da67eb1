from __future__ import annotations

import pytest

from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.server.access.acl_documents import from_xml, to_xml
from holdall.server.access.acls import Acl, Grant, Group, User, private

from .people import ALICE, BOB, CAROL, DIRECTORY, acl

XSI = "http://www.w3.org/2001/XMLSchema-instance"


def grant(kind: str, inside: str, permission: str = "READ") -> str:
    grantee = f'<Grantee xmlns:xsi="{XSI}" xsi:type="{kind}">{inside}</Grantee>'
    return f"<Grant>{grantee}<Permission>{permission}</Permission></Grant>"


def body(*grants: str, owner: str = f"<Owner><ID>{ALICE.id}</ID></Owner>") -> bytes:
    listed = f"<AccessControlList>{''.join(grants)}</AccessControlList>"
    return f"<AccessControlPolicy>{owner}{listed}</AccessControlPolicy>".encode()


def read(document: bytes) -> Acl:
    return from_xml(document, ALICE, DIRECTORY)


def test_what_is_written_can_be_read() -> None:
    found = acl(ALICE, READ=BOB, WRITE=Group.ALL_USERS, READ_ACP=Group.LOG_DELIVERY)
    assert read(to_xml(found)) == found
    assert read(to_xml(Acl(ALICE, ()))) == Acl(ALICE, ())


def test_the_answer_is_as_clients_expect_it() -> None:
    root = xml.parse(to_xml(acl(ALICE, READ=Group.ALL_USERS)), "AccessControlPolicy")
    assert (root.children[0].need("ID"), root.children[0].need("DisplayName")) == ALICE
    first, second = root.children[1].children
    assert first.children[0].attributes == {"type": "CanonicalUser"}
    assert first.children[0].need("ID") == ALICE.id
    assert first.need("Permission") == "FULL_CONTROL"
    assert second.children[0].attributes == {"type": "Group"}
    assert second.children[0].need("URI") == "http://acs.amazonaws.com/groups/global/AllUsers"
    assert b"DisplayName" not in to_xml(private(User("a")))


def test_names_are_those_of_the_directory() -> None:
    inside = f"<ID> {BOB.id} </ID><DisplayName>Somebody else</DisplayName>"
    assert read(body(grant("CanonicalUser", inside))).grants == (Grant(BOB, "READ"),)
    by_email = grant("AmazonCustomerByEmail", "<EmailAddress>bob@example.com</EmailAddress>")
    assert read(body(by_email)).grants == (Grant(BOB, "READ"),)


def test_an_owner_need_not_be_in_the_directory() -> None:
    org = User("0" * 64, "org:acme")
    assert from_xml(to_xml(private(org)), org, DIRECTORY) == private(org)


def test_grants_count_once() -> None:
    again = grant("CanonicalUser", f"<ID>{BOB.id}</ID>")
    assert len(read(body(again, again)).grants) == 1


def test_the_owner_cannot_be_changed() -> None:
    with pytest.raises(S3Error) as caught:
        read(body(owner=f"<Owner><ID>{CAROL.id}</ID></Owner>"))
    assert caught.value.code == "AccessDenied"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<a/>",
        b"not xml",
        b"<AccessControlPolicy/>",
        b"<!DOCTYPE a><AccessControlPolicy/>",
        body(owner=""),
        body(owner="<Owner/>"),
        f"<AccessControlPolicy><Owner><ID>{ALICE.id}</ID></Owner></AccessControlPolicy>".encode(),
        body("<Grunt/>"),
        body("<Grant/>"),
        body("<Grant><Permission>READ</Permission></Grant>"),
        body(f"<Grant><Grantee><ID>{BOB.id}</ID></Grantee><Permission>READ</Permission></Grant>"),
        body(grant("CanonicalUser", f"<ID>{BOB.id}</ID>", "read")),
        body(grant("CanonicalUser", f"<ID>{BOB.id}</ID>", "")),
        body(grant("CanonicalUser", "")),
        body(grant("Robot", f"<ID>{BOB.id}</ID>")),
        body(grant("Group", "")),
        body(*[grant("Group", "<URI>x</URI>")] * 101),
    ],
)
def test_what_is_no_list(document: bytes) -> None:
    with pytest.raises(S3Error) as caught:
        read(document)
    assert caught.value.code == "MalformedACLError"


@pytest.mark.parametrize(
    ("kind", "inside", "code"),
    [
        ("CanonicalUser", "<ID>nobody</ID>", "InvalidArgument"),
        ("Group", "<URI>http://example.com</URI>", "InvalidArgument"),
        ("AmazonCustomerByEmail", "<EmailAddress>x</EmailAddress>",
         "UnresolvableGrantByEmailAddress"),
    ],
)  # fmt: skip
def test_grants_to_nobody(kind: str, inside: str, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        read(body(grant(kind, inside)))
    assert caught.value.code == code
