from __future__ import annotations

import pytest

from holdall.s3.errors import S3Error
from holdall.server.access.acl_documents import to_xml
from holdall.server.access.acl_requests import Asked, asked, asked_in_headers
from holdall.server.access.acls import Acl, Grant, Group, private

from .people import ALICE, BOB, CAROL, DIRECTORY, acl

EVERYBODY = Group.ALL_USERS


@pytest.mark.parametrize(
    ("value", "who"),
    [
        (f'id="{BOB.id}"', [BOB]),
        (f"id={BOB.id}", [BOB]),
        (f' ID = {BOB.id} , id="{CAROL.id}"', [BOB, CAROL]),
        (f'uri="{EVERYBODY.value}"', [EVERYBODY]),
        (f"uri={EVERYBODY.value},", [EVERYBODY]),
        ("emailAddress=bob@example.com", [BOB]),
        (f'emailaddress="bob@example.com",id="{BOB.id}"', [BOB]),
        ("", []),
    ],
)
def test_grant_headers(value: str, who: list[object]) -> None:
    found = asked_in_headers({"x-amz-grant-read-acp": value}, DIRECTORY)
    assert found == Asked(grants=tuple(Grant(each, "READ_ACP") for each in who))  # type: ignore[arg-type]


def test_all_grant_headers_together_replace_the_list() -> None:
    names = ("read", "write", "read-acp", "write-acp", "full-control")
    found = asked_in_headers({f"x-amz-grant-{name}": f"id={BOB.id}" for name in names}, DIRECTORY)
    assert found is not None
    made = found.acl("object", ALICE, ALICE)
    assert made.owner == ALICE
    assert {grant.permission for grant in made.grants} == {
        "READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"
    }  # fmt: skip
    assert {grant.grantee for grant in made.grants} == {BOB}


def test_canned_headers() -> None:
    found = asked_in_headers({"x-amz-acl": "public-read"}, DIRECTORY)
    assert found == Asked(canned="public-read")
    assert found.acl("bucket", ALICE, ALICE) == acl(ALICE, READ=EVERYBODY)
    assert asked_in_headers({"content-type": "x"}, DIRECTORY) is None


def refusal(headers: dict[str, str], body: bytes = b"") -> S3Error:
    with pytest.raises(S3Error) as caught:
        asked(headers, body, ALICE, DIRECTORY).acl("bucket", ALICE, ALICE)
    return caught.value


def test_two_ways_at_once_are_refused() -> None:
    both = {"x-amz-acl": "private", "x-amz-grant-read": f"id={BOB.id}"}
    error = refusal(both)
    assert error.code == "InvalidRequest"
    assert error.message == "Specifying both Canned ACLs and Header Grants is not allowed"
    assert refusal({"x-amz-acl": "private"}, to_xml(private(ALICE))).code == "UnexpectedContent"


@pytest.mark.parametrize(
    "value", ["x", "id", f"name={BOB.id}", f'id="{BOB.id}', f"id={BOB.id} id={BOB.id}", "=x", ";"]
)
def test_headers_that_mean_nothing(value: str) -> None:
    error = refusal({"x-amz-grant-write": value})
    assert error.code == "InvalidArgument"
    assert error.facts == {"ArgumentName": "x-amz-grant-write", "ArgumentValue": value}


@pytest.mark.parametrize(
    ("value", "code"),
    [("id=nobody", "InvalidArgument"), ("id=", "InvalidArgument"), ("uri=x", "InvalidArgument"),
     ("emailAddress=x@example.com", "UnresolvableGrantByEmailAddress")],
)  # fmt: skip
def test_headers_that_mean_nobody(value: str, code: str) -> None:
    assert refusal({"x-amz-grant-write": value}).code == code


@pytest.mark.parametrize(
    "value", ["id=" + " " * 200_000 + '"', " " * 200_000 + '"', "i" * 200_000, "id" + " " * 200_000]
)
def test_headers_that_are_long_are_read_once(value: str) -> None:
    """Tried in every way, the blanks would hold the server up for hours."""
    assert refusal({"x-amz-grant-write": value}).code == "InvalidArgument"


def test_no_list_at_all() -> None:
    error = refusal({})
    assert (error.code, error.facts) == (
        "MissingSecurityHeader",
        {"MissingHeaderName": "x-amz-acl"},
    )


def test_unknown_canned_lists_are_refused() -> None:
    assert refusal({"x-amz-acl": "public"}).code == "InvalidArgument"


def test_a_body_asks_too() -> None:
    wanted = acl(ALICE, READ=BOB)
    found = asked({}, to_xml(wanted), ALICE, DIRECTORY)
    assert found.acl("bucket", ALICE, ALICE) == wanted
    assert asked({}, to_xml(Acl(ALICE, ())), ALICE, DIRECTORY) == Asked()


def test_a_list_has_at_most_a_hundred_grants() -> None:
    directory = DIRECTORY._replace(by_id=lambda text: ALICE._replace(id=text))
    listed = [f"id={at}" for at in range(101)]
    assert asked_in_headers({"x-amz-grant-read": ",".join(listed[:100])}, directory)
    with pytest.raises(S3Error) as caught:
        asked_in_headers({"x-amz-grant-read": ",".join(listed)}, directory)
    assert caught.value.code == "InvalidRequest"
