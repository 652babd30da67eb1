"""Access control lists of buckets and objects: canned, granted by headers, written as XML."""

from __future__ import annotations

import pytest

ALL = "http://acs.amazonaws.com/groups/global/AllUsers"
KNOWN = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"


def grants(answer):
    """(grantee, permission), with `owner` for who owns the thing."""
    owner = answer["Owner"]["ID"]
    found = []
    for grant in answer["Grants"]:
        grantee = grant["Grantee"].get("URI") or grant["Grantee"]["ID"]
        found.append(("owner" if grantee == owner else grantee, grant["Permission"]))
    return sorted(found)


@pytest.fixture
def object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    return {"Bucket": bucket, "Key": "k"}


@pytest.fixture
def bob_id(other):
    return other.list_buckets()["Owner"]["ID"]


CANNED = [
    ("private", []),
    ("public-read", [(ALL, "READ")]),
    ("public-read-write", [(ALL, "READ"), (ALL, "WRITE")]),
    ("authenticated-read", [(KNOWN, "READ")]),
]


@pytest.mark.parametrize(("canned", "more"), CANNED)
def test_canned_lists_of_a_bucket(s3, bucket, canned, more):
    s3.put_bucket_acl(Bucket=bucket, ACL=canned)
    answer = s3.get_bucket_acl(Bucket=bucket)
    assert grants(answer) == sorted([*more, ("owner", "FULL_CONTROL")])
    assert answer["Owner"]["ID"] == s3.list_buckets()["Owner"]["ID"]


@pytest.mark.parametrize(("canned", "more"), CANNED)
def test_canned_lists_of_a_new_bucket(s3, bucket, canned, more):
    name = f"acl-{bucket}-{canned}"
    s3.create_bucket(Bucket=name, ACL=canned)
    assert grants(s3.get_bucket_acl(Bucket=name)) == sorted([*more, ("owner", "FULL_CONTROL")])


@pytest.mark.parametrize(("canned", "more"), CANNED)
def test_canned_lists_of_an_object(s3, object, canned, more):
    s3.put_object_acl(**object, ACL=canned)
    assert grants(s3.get_object_acl(**object)) == sorted([*more, ("owner", "FULL_CONTROL")])
    s3.put_object(**object, Body=b"1")
    assert grants(s3.get_object_acl(**object)) == [("owner", "FULL_CONTROL")]
    s3.put_object(**object, Body=b"1", ACL=canned)
    assert grants(s3.get_object_acl(**object)) == sorted([*more, ("owner", "FULL_CONTROL")])


@pytest.mark.parametrize("canned", ["everybody", ""])
def test_canned_lists_that_are_none(send, object, canned):
    headers = {"x-amz-acl": canned or "x"}
    assert send("PUT", f"/{object['Bucket']}?acl", headers=headers).refusal == (
        "InvalidArgument",
        400,
    )
    answer = send("PUT", f"/{object['Bucket']}/k", b"1", headers)
    assert answer.refusal == ("InvalidArgument", 400)


def test_the_default_is_private(s3, object):
    assert grants(s3.get_bucket_acl(Bucket=object["Bucket"])) == [("owner", "FULL_CONTROL")]
    assert grants(s3.get_object_acl(**object)) == [("owner", "FULL_CONTROL")]


def test_the_grantee_s_type_is_an_attribute(send, object):
    text = send("GET", f"/{object['Bucket']}/k?acl").body.decode()
    assert 'xsi:type="CanonicalUser"' in text
    assert 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' in text


@pytest.mark.parametrize(
    ("canned", "expected"),
    [
        ("bucket-owner-read", "READ"),
        ("bucket-owner-full-control", "FULL_CONTROL"),
    ],
)
def test_objects_of_others_for_the_bucket_s_owner(s3, other, bucket, bob_id, canned, expected):
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    other.put_object(Bucket=bucket, Key="k", Body=b"1", ACL=canned)
    answer = other.get_object_acl(Bucket=bucket, Key="k")
    owner = s3.list_buckets()["Owner"]["ID"]
    assert answer["Owner"]["ID"] == bob_id
    assert grants(answer) == sorted([("owner", "FULL_CONTROL"), (owner, expected)])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


def test_an_object_of_another_is_not_the_bucket_s_owner_s(s3, other, bucket, refused):
    """Under the ownership setting ObjectWriter the writer owns what was written."""
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    other.put_object(Bucket=bucket, Key="k", Body=b"1")
    with refused("AccessDenied", 403):
        s3.get_object(Bucket=bucket, Key="k")
    s3.delete_object(Bucket=bucket, Key="k")


HEADERS = {
    "GrantRead": "READ",
    "GrantReadACP": "READ_ACP",
    "GrantWriteACP": "WRITE_ACP",
    "GrantFullControl": "FULL_CONTROL",
}


@pytest.mark.parametrize(("header", "permission"), HEADERS.items())
def test_grants_by_headers(s3, bucket, bob_id, header, permission):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", **{header: f'id="{bob_id}"'})
    assert (bob_id, permission) in grants(s3.get_object_acl(Bucket=bucket, Key="k"))
    s3.put_bucket_acl(Bucket=bucket, **{header: f"id={bob_id}"})
    assert (bob_id, permission) in grants(s3.get_bucket_acl(Bucket=bucket))


def test_grants_to_groups_by_header(s3, object):
    s3.put_object_acl(**object, GrantRead=f'uri="{ALL}"')
    assert (ALL, "READ") in grants(s3.get_object_acl(**object))


def test_several_grants_in_one_header(s3, object, bob_id):
    s3.put_object_acl(**object, GrantRead=f'id="{bob_id}", uri="{KNOWN}"')
    found = grants(s3.get_object_acl(**object))
    assert {(bob_id, "READ"), (KNOWN, "READ")} <= set(found)


def test_a_list_may_come_in_one_way_only(send, bucket):
    answer = send("PUT", f"/{bucket}?acl", b"<AccessControlPolicy/>", {"x-amz-acl": "private"})
    assert answer.refusal == ("UnexpectedContent", 400)


def test_a_canned_list_and_grants_exclude_each_other(s3, object, refused):
    with refused("InvalidRequest", 400):
        s3.put_object_acl(**object, ACL="private", GrantRead=f'uri="{ALL}"')


@pytest.mark.parametrize("grant", ["bob", "id=", "color=red", 'uri="http://other/group"', 'id="x"'])
def test_grants_to_nobody(s3, object, refused, grant):
    with refused("InvalidArgument", 400):
        s3.put_object_acl(**object, GrantRead=grant)


def test_a_grant_to_an_address_of_nobody(s3, object, refused):
    with refused("UnresolvableGrantByEmailAddress", 400):
        s3.put_object_acl(**object, GrantRead='emailAddress="nobody@example.com"')


def document(owner, *grants):
    return {
        "Owner": {"ID": owner},
        "Grants": [
            {"Grantee": {"Type": "CanonicalUser", "ID": id}, "Permission": permission}
            for id, permission in grants
        ],
    }


@pytest.mark.parametrize(
    ("permission", "able"),
    [
        ("FULL_CONTROL", {"list", "put", "get_acl", "put_acl"}),
        ("READ", {"list"}),
        ("WRITE", {"put"}),
        ("READ_ACP", {"get_acl"}),
        ("WRITE_ACP", {"put_acl"}),
    ],
)
def test_what_a_grant_on_a_bucket_allows(s3, other, bucket, bob_id, refused, permission, able):
    owner = s3.list_buckets()["Owner"]["ID"]
    policy = document(owner, (owner, "FULL_CONTROL"), (bob_id, permission))
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=policy)
    asks = {
        "list": lambda: other.list_objects_v2(Bucket=bucket),
        "put": lambda: other.put_object(Bucket=bucket, Key="k", Body=b"1"),
        "get_acl": lambda: other.get_bucket_acl(Bucket=bucket),
        "put_acl": lambda: other.put_bucket_acl(Bucket=bucket, AccessControlPolicy=policy),
    }
    for name, ask in asks.items():
        if name in able:
            ask()
        else:
            with refused("AccessDenied", 403):
                ask()


@pytest.mark.parametrize(
    ("permission", "able"),
    [
        ("FULL_CONTROL", {"get", "get_acl", "put_acl"}),
        ("READ", {"get"}),
        ("READ_ACP", {"get_acl"}),
        ("WRITE_ACP", {"put_acl"}),
    ],
)
def test_what_a_grant_on_an_object_allows(s3, other, object, bob_id, refused, permission, able):
    owner = s3.list_buckets()["Owner"]["ID"]
    policy = document(owner, (owner, "FULL_CONTROL"), (bob_id, permission))
    s3.put_object_acl(**object, AccessControlPolicy=policy)
    asks = {
        "get": lambda: other.get_object(**object),
        "get_acl": lambda: other.get_object_acl(**object),
        "put_acl": lambda: other.put_object_acl(**object, AccessControlPolicy=policy),
        "put": lambda: other.put_object(**object, Body=b"2"),
        "delete": lambda: other.delete_object(**object),
    }
    for name, ask in asks.items():
        if name in able:
            ask()
        else:
            with refused("AccessDenied", 403):
                ask()


def test_an_owner_always_gets_at_the_list(s3, bucket, refused):
    """A list without a grant shuts its owner out, but not from the list itself."""
    owner = s3.list_buckets()["Owner"]["ID"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=document(owner))
    assert grants(s3.get_bucket_acl(Bucket=bucket)) == []
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    s3.put_object(Bucket=bucket, Key="k", Body=b"2")


def test_a_list_with_another_owner(s3, bucket, bob_id, refused):
    with refused("AccessDenied", 403):
        s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=document(bob_id))


def test_grants_to_unknown_people(s3, bucket, refused):
    owner = s3.list_buckets()["Owner"]["ID"]
    with refused("InvalidArgument", 400):
        s3.put_bucket_acl(
            Bucket=bucket, AccessControlPolicy=document(owner, ("nobody-at-all", "FULL_CONTROL"))
        )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<AccessControlPolicy>", "MalformedACLError"),
        (b"<Other/>", "MalformedACLError"),
        (b"<AccessControlPolicy/>", "MalformedACLError"),
    ],
)
def test_lists_that_are_none(send, bucket, body, code):
    answer = send("PUT", f"/{bucket}?acl", body)
    assert answer.status == 400
    assert answer.code in (code, "MalformedXML")


def test_a_permission_that_is_none(s3, bucket, refused):
    owner = s3.list_buckets()["Owner"]["ID"]
    with refused("MalformedACLError", 400):
        s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=document(owner, (owner, "EVERYTHING")))


def test_the_list_of_nothing(s3, bucket, refused):
    with refused("NoSuchKey", 404):
        s3.get_object_acl(Bucket=bucket, Key="absent")
    with refused("NoSuchKey", 404):
        s3.put_object_acl(Bucket=bucket, Key="absent", ACL="private")


def test_strangers_meet_what_is_public(s3, anonymous, object, refused):
    bucket = object["Bucket"]
    with refused("AccessDenied", 403):
        anonymous.get_object(**object)
    s3.put_object_acl(**object, ACL="public-read")
    assert anonymous.get_object(**object)["Body"].read() == b"1"
    with refused("AccessDenied", 403):
        anonymous.list_objects_v2(Bucket=bucket)
    with refused("AccessDenied", 403):
        anonymous.put_object(Bucket=bucket, Key="new", Body=b"1")
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    anonymous.list_objects_v2(Bucket=bucket)
    anonymous.put_object(Bucket=bucket, Key="new", Body=b"1")
    with refused("AccessDenied", 403):
        anonymous.put_bucket_acl(Bucket=bucket, ACL="private")


def test_authenticated_read(s3, other, anonymous, object, refused):
    s3.put_object_acl(**object, ACL="authenticated-read")
    assert other.get_object(**object)["Body"].read() == b"1"
    with refused("AccessDenied", 403):
        anonymous.get_object(**object)


def test_existence_is_told_to_those_who_may_list(s3, anonymous, other, bucket, refused):
    """404 for a key that is not there needs ListBucket; without it the answer is 403."""
    for client in (anonymous, other):
        with refused("AccessDenied", 403):
            client.get_object(Bucket=bucket, Key="absent")
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    for client in (anonymous, other):
        with refused("NoSuchKey", 404):
            client.get_object(Bucket=bucket, Key="absent")


def test_strangers_have_no_buckets(anonymous, refused):
    with refused("AccessDenied", 403):
        anonymous.list_buckets()
