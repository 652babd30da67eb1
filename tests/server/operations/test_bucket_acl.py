from __future__ import annotations

import pytest

ALL = "http://acs.amazonaws.com/groups/global/AllUsers"
SIGNED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOGS = "http://acs.amazonaws.com/groups/s3/LogDelivery"


def grants(client, bucket):
    """Each grant as who and what; groups by the last part of their address."""
    found = client.get_bucket_acl(Bucket=bucket)["Grants"]
    return {
        (grant["Grantee"].get("ID") or grant["Grantee"]["URI"], grant["Permission"])
        for grant in found
    }


def own(server):
    return (server.alice.canonical_id, "FULL_CONTROL")


def test_a_new_bucket_is_its_owners(server, alice, bucket):
    found = alice.get_bucket_acl(Bucket=bucket)
    assert found["Owner"]["ID"] == server.alice.canonical_id
    assert grants(alice, bucket) == {own(server)}


@pytest.mark.parametrize(
    ("canned", "others"),
    [
        ("private", set()),
        ("public-read", {(ALL, "READ")}),
        ("public-read-write", {(ALL, "READ"), (ALL, "WRITE")}),
        ("authenticated-read", {(SIGNED, "READ")}),
    ],
)
def test_canned(server, alice, bucket, canned, others):
    alice.put_bucket_acl(Bucket=bucket, ACL=canned)
    assert grants(alice, bucket) == {own(server)} | others


def test_a_document(server, alice, bob, bucket):
    owner = {"ID": server.alice.canonical_id}
    grant = {
        "Grantee": {"Type": "CanonicalUser", "ID": server.bob.canonical_id},
        "Permission": "READ",
    }
    alice.put_bucket_acl(Bucket=bucket, AccessControlPolicy={"Owner": owner, "Grants": [grant]})
    assert grants(alice, bucket) == {(server.bob.canonical_id, "READ")}
    assert bob.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_headers(server, alice, bob, bucket):
    alice.put_bucket_acl(
        Bucket=bucket,
        GrantFullControl=f"id={server.alice.canonical_id}",
        GrantReadACP=f"id={server.bob.canonical_id}",
        GrantRead=f'uri="{SIGNED}"',
    )
    assert grants(alice, bucket) == {
        own(server),
        (server.bob.canonical_id, "READ_ACP"),
        (SIGNED, "READ"),
    }
    assert grants(bob, bucket) == grants(alice, bucket)


def test_who_may_change_the_list(server, alice, bob, bucket, refused):
    with refused("AccessDenied", 403):
        bob.put_bucket_acl(Bucket=bucket, ACL="public-read")
    with refused("AccessDenied", 403):
        bob.get_bucket_acl(Bucket=bucket)
    alice.put_bucket_acl(
        Bucket=bucket,
        GrantFullControl=f"id={server.alice.canonical_id}",
        GrantWriteACP=f"id={server.bob.canonical_id}",
    )
    bob.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert grants(alice, bucket) == {own(server), (ALL, "READ")}


def test_what_is_wrong(server, alice, bucket, refused):
    nobody = "0" * 64
    with refused("InvalidArgument", 400):
        alice.put_bucket_acl(Bucket=bucket, ACL="everything")
    with refused("InvalidArgument", 400):
        alice.put_bucket_acl(Bucket=bucket, GrantRead=f"id={nobody}")
    with refused("InvalidRequest", 400):
        alice.put_bucket_acl(Bucket=bucket, ACL="private", GrantRead=f"uri={ALL}")
    with refused("AccessDenied", 403):
        alice.put_bucket_acl(
            Bucket=bucket, AccessControlPolicy={"Owner": {"ID": nobody}, "Grants": []}
        )
    assert grants(alice, bucket) == {own(server)}


def test_neither_headers_nor_body(send, bucket):
    answer = send("PUT", f"/{bucket}?acl")
    assert answer.status == 400
    assert b"<Code>MissingSecurityHeader</Code>" in answer.body


def test_a_document_that_is_none(send, bucket):
    answer = send("PUT", f"/{bucket}?acl", body=b"<AccessControlPolicy/>")
    assert answer.status == 400
    assert b"<Code>MalformedACLError</Code>" in answer.body
