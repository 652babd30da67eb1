from __future__ import annotations

import json

import pytest

NONE = {
    "BlockPublicAcls": False,
    "IgnorePublicAcls": False,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": False,
}


def put(client, bucket, **switches):
    client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=switches)


def get(client, bucket):
    return client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]


def test_a_new_bucket_has_none(alice, bucket, refused):
    with refused("NoSuchPublicAccessBlockConfiguration", 404):
        get(alice, bucket)


@pytest.mark.parametrize("name", list(NONE))
def test_what_is_left_out_is_off(alice, bucket, name):
    put(alice, bucket, **{name: True})
    assert get(alice, bucket) == NONE | {name: True}


def test_delete_is_harmless_twice(alice, bucket, refused):
    put(alice, bucket, BlockPublicAcls=True)
    alice.delete_public_access_block(Bucket=bucket)
    alice.delete_public_access_block(Bucket=bucket)
    with refused("NoSuchPublicAccessBlockConfiguration", 404):
        get(alice, bucket)


def test_public_lists_are_refused(alice, bucket, refused):
    alice.put_object(Bucket=bucket, Key="key", Body=b"x")
    put(alice, bucket, BlockPublicAcls=True)
    with refused("AccessDenied", 403):
        alice.put_bucket_acl(Bucket=bucket, ACL="public-read")
    with refused("AccessDenied", 403):
        alice.put_object_acl(Bucket=bucket, Key="key", ACL="public-read")
    with refused("AccessDenied", 403):
        alice.put_object(Bucket=bucket, Key="key", Body=b"y", ACL="public-read")
    alice.put_object_acl(Bucket=bucket, Key="key", ACL="private")


def test_public_lists_are_ignored(alice, bucket, send):
    alice.put_object(Bucket=bucket, Key="key", Body=b"x", ACL="public-read")
    assert send("GET", f"/{bucket}/key", account=None).status == 200
    put(alice, bucket, IgnorePublicAcls=True)
    assert send("GET", f"/{bucket}/key", account=None).status == 403


def test_public_policies_are_refused(alice, bucket, refused):
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    put(alice, bucket, BlockPublicPolicy=True)
    with refused("AccessDenied", 403):
        alice.put_bucket_policy(Bucket=bucket, Policy=policy)
    put(alice, bucket)
    alice.put_bucket_policy(Bucket=bucket, Policy=policy)


def test_a_public_policy_counts_no_more(alice, bucket, send):
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    alice.put_object(Bucket=bucket, Key="key", Body=b"x")
    alice.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert send("GET", f"/{bucket}/key", account=None).status == 200
    put(alice, bucket, RestrictPublicBuckets=True)
    assert send("GET", f"/{bucket}/key", account=None).status == 403


def test_an_unknown_switch_is_malformed(send, bucket):
    body = b"<PublicAccessBlockConfiguration><Shut>true</Shut></PublicAccessBlockConfiguration>"
    answer = send("PUT", f"/{bucket}?publicAccessBlock", body=body)
    assert answer.status == 400
    assert b"<Code>MalformedXML</Code>" in answer.body
