from __future__ import annotations

import json

import pytest


def put(client, bucket, key="key", *, version=None, **tags):
    named = {} if version is None else {"VersionId": version}
    return client.put_object_tagging(
        Bucket=bucket,
        Key=key,
        Tagging={"TagSet": [{"Key": name, "Value": value} for name, value in tags.items()]},
        **named,
    )


def get(client, bucket, key="key", **named):
    found = client.get_object_tagging(Bucket=bucket, Key=key, **named)
    return {tag["Key"]: tag["Value"] for tag in found["TagSet"]}


@pytest.fixture
def stored(alice, bucket):
    alice.put_object(Bucket=bucket, Key="key", Body=b"content", Tagging="old=1")
    return bucket


@pytest.fixture
def versions(alice, bucket):
    """The bucket, and the versions of its key, the oldest first."""
    alice.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    made = [alice.put_object(Bucket=bucket, Key="key", Body=b"x")["VersionId"] for _ in range(2)]
    return bucket, made


def test_put_replaces(alice, stored):
    assert get(alice, stored) == {"old": "1"}
    put(alice, stored, new="2", other="")
    assert get(alice, stored) == {"new": "2", "other": ""}
    assert alice.get_object(Bucket=stored, Key="key")["TagCount"] == 2


def test_none_is_an_empty_set(alice, bucket):
    alice.put_object(Bucket=bucket, Key="key", Body=b"")
    assert get(alice, bucket) == {}


def test_delete(alice, stored):
    for _ in range(2):
        answer = alice.delete_object_tagging(Bucket=stored, Key="key")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert get(alice, stored) == {}


def test_ten_and_no_more(alice, stored, refused):
    put(alice, stored, **{f"tag{number}": "x" for number in range(10)})
    with refused("BadRequest", 400):
        put(alice, stored, **{f"tag{number}": "x" for number in range(11)})
    assert len(get(alice, stored)) == 10


def test_each_version_has_its_own(alice, versions):
    bucket, (old, new) = versions
    assert put(alice, bucket, now="2")["VersionId"] == new
    assert put(alice, bucket, version=old, then="1")["VersionId"] == old
    assert get(alice, bucket) == {"now": "2"}
    assert get(alice, bucket, VersionId=old) == {"then": "1"}
    assert alice.delete_object_tagging(Bucket=bucket, Key="key", VersionId=old)["VersionId"] == old
    assert get(alice, bucket, VersionId=old) == {}
    assert get(alice, bucket) == {"now": "2"}


def test_a_delete_marker_has_none(alice, versions, refused):
    bucket, _ = versions
    marker = alice.delete_object(Bucket=bucket, Key="key")["VersionId"]
    for named in ({}, {"VersionId": marker}):
        with refused("MethodNotAllowed", 405) as refusal:
            get(alice, bucket, **named)
        assert refusal.error["ResourceType"] == "DeleteMarker"
        assert refusal.headers["x-amz-delete-marker"] == "true"
    with refused("MethodNotAllowed", 405):
        put(alice, bucket, a="1")
    with refused("MethodNotAllowed", 405):
        alice.delete_object_tagging(Bucket=bucket, Key="key")


def test_no_such_key(alice, bucket, refused):
    with refused("NoSuchKey", 404):
        get(alice, bucket)
    with refused("NoSuchKey", 404):
        put(alice, bucket, a="1")
    with refused("NoSuchKey", 404):
        alice.delete_object_tagging(Bucket=bucket, Key="key")


def test_no_such_version(alice, versions, refused):
    with refused("NoSuchVersion", 404):
        get(alice, versions[0], VersionId="0.0000000000000000")


def test_a_bad_set_changes_nothing(alice, stored, send):
    answer = send(
        "PUT", f"/{stored}/key?tagging", body=b"<Tagging><TagSet><Tag/></TagSet></Tagging>"
    )
    assert answer.status == 400
    assert get(alice, stored) == {"old": "1"}


def test_strangers(bob, stored, refused):
    with refused("AccessDenied", 403):
        get(bob, stored)
    with refused("AccessDenied", 403):
        put(bob, stored, a="1")
    with refused("AccessDenied", 403):
        bob.delete_object_tagging(Bucket=stored, Key="key")


def test_a_policy_says_which_tags_may_be_set(server, alice, bob, stored, refused):
    statement = {
        "Effect": "Allow",
        "Principal": {"CanonicalUser": server.bob.canonical_id},
        "Action": "s3:PutObjectTagging",
        "Resource": f"arn:aws:s3:::{stored}/*",
        "Condition": {"StringEquals": {"s3:RequestObjectTag/team": "blue"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    alice.put_bucket_policy(Bucket=stored, Policy=document)
    put(bob, stored, team="blue")
    assert get(alice, stored) == {"team": "blue"}
    with refused("AccessDenied", 403):
        put(bob, stored, team="red")
    with refused("AccessDenied", 403):
        put(bob, stored, other="blue")
