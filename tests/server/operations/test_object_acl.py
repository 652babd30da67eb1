from __future__ import annotations

import pytest

ALL = "http://acs.amazonaws.com/groups/global/AllUsers"


def grants(client, bucket, key="key", **named):
    found = client.get_object_acl(Bucket=bucket, Key=key, **named)["Grants"]
    return {
        (grant["Grantee"].get("ID") or grant["Grantee"]["URI"], grant["Permission"])
        for grant in found
    }


@pytest.fixture
def stored(alice, bucket):
    alice.put_object(Bucket=bucket, Key="key", Body=b"content")
    return bucket


def test_a_new_object_is_its_owners(server, alice, stored):
    found = alice.get_object_acl(Bucket=stored, Key="key")
    assert found["Owner"]["ID"] == server.alice.canonical_id
    assert grants(alice, stored) == {(server.alice.canonical_id, "FULL_CONTROL")}


def test_the_list_says_who_may_read(server, alice, bob, stored, send, refused):
    with refused("AccessDenied", 403):
        bob.get_object(Bucket=stored, Key="key")
    alice.put_object_acl(Bucket=stored, Key="key", ACL="authenticated-read")
    assert bob.get_object(Bucket=stored, Key="key")["Body"].read() == b"content"
    assert send("GET", f"/{stored}/key", account=None).status == 403
    alice.put_object_acl(Bucket=stored, Key="key", ACL="public-read")
    assert send("GET", f"/{stored}/key", account=None).body == b"content"
    alice.put_object_acl(Bucket=stored, Key="key", ACL="private")
    assert send("GET", f"/{stored}/key", account=None).status == 403


def test_it_comes_with_the_object(alice, bucket, server):
    alice.put_object(Bucket=bucket, Key="key", Body=b"x", ACL="public-read")
    assert grants(alice, bucket) == {(server.alice.canonical_id, "FULL_CONTROL"), (ALL, "READ")}
    alice.put_object(Bucket=bucket, Key="key", Body=b"y")
    assert grants(alice, bucket) == {(server.alice.canonical_id, "FULL_CONTROL")}


def test_read_and_write_of_the_list_can_be_granted(server, alice, bob, stored, refused):
    id = server.bob.canonical_id
    with refused("AccessDenied", 403):
        grants(bob, stored)
    alice.put_object_acl(Bucket=stored, Key="key", GrantReadACP=f"id={id}")
    assert grants(bob, stored) == {(id, "READ_ACP")}
    with refused("AccessDenied", 403):
        bob.put_object_acl(Bucket=stored, Key="key", ACL="public-read")
    alice.put_object_acl(Bucket=stored, Key="key", GrantWriteACP=f"id={id}")
    bob.put_object_acl(Bucket=stored, Key="key", ACL="public-read")
    assert (server.alice.canonical_id, "FULL_CONTROL") in grants(alice, stored)


def test_the_writer_owns_and_the_owner_stays(server, alice, bob, bucket):
    alice.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    bob.put_object(Bucket=bucket, Key="key", Body=b"x", ACL="bucket-owner-full-control")
    both = {(server.alice.canonical_id, "FULL_CONTROL"), (server.bob.canonical_id, "FULL_CONTROL")}
    assert grants(bob, bucket) == both
    alice.put_object_acl(Bucket=bucket, Key="key", ACL="bucket-owner-full-control")
    found = alice.get_object_acl(Bucket=bucket, Key="key")
    assert found["Owner"]["ID"] == server.bob.canonical_id
    assert grants(bob, bucket) == both


def test_each_version_has_its_own(alice, bucket, server):
    alice.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old, new = (alice.put_object(Bucket=bucket, Key="key", Body=b"x")["VersionId"] for _ in "ab")
    alice.put_object_acl(Bucket=bucket, Key="key", VersionId=old, ACL="public-read")
    own = (server.alice.canonical_id, "FULL_CONTROL")
    assert grants(alice, bucket, VersionId=old) == {own, (ALL, "READ")}
    assert grants(alice, bucket, VersionId=new) == grants(alice, bucket) == {own}


def test_a_marker_has_none(alice, bucket, refused):
    alice.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    marker = alice.delete_object(Bucket=bucket, Key="key")["VersionId"]
    with refused("MethodNotAllowed", 405):
        grants(alice, bucket, VersionId=marker)
    with refused("MethodNotAllowed", 405):
        alice.put_object_acl(Bucket=bucket, Key="key", VersionId=marker, ACL="private")


def test_what_is_wrong(alice, stored, refused, server):
    with refused("NoSuchKey", 404):
        grants(alice, stored, "other")
    with refused("InvalidArgument", 400):
        alice.put_object_acl(Bucket=stored, Key="key", ACL="everything")
    with refused("InvalidRequest", 400):
        alice.put_object(Bucket=stored, Key="key", Body=b"", ACL="private", GrantRead=f"uri={ALL}")
    assert grants(alice, stored) == {(server.alice.canonical_id, "FULL_CONTROL")}
