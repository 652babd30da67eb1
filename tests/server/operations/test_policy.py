from __future__ import annotations

import json

import pytest


def document(bucket, action="s3:GetObject", effect="Allow", principal="*", on="/*", **more):
    statement = {
        "Effect": effect,
        "Principal": principal,
        "Action": action,
        "Resource": f"arn:aws:s3:::{bucket}{on}",
        **more,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_the_text_comes_back_as_it_was(alice, bucket):
    text = document(bucket).replace('": ', '"  :\n')
    answer = alice.put_bucket_policy(Bucket=bucket, Policy=text)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert alice.get_bucket_policy(Bucket=bucket)["Policy"] == text


def test_none(alice, bucket, refused):
    with refused("NoSuchBucketPolicy", 404) as refusal:
        alice.get_bucket_policy(Bucket=bucket)
    assert refusal.error["BucketName"] == bucket


def test_delete_is_harmless_twice(alice, bucket, refused):
    alice.put_bucket_policy(Bucket=bucket, Policy=document(bucket))
    for _ in range(2):
        answer = alice.delete_bucket_policy(Bucket=bucket)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchBucketPolicy", 404):
        alice.get_bucket_policy(Bucket=bucket)


def test_it_allows_and_denies(alice, bob, bucket, send, refused):
    alice.put_object(Bucket=bucket, Key="key", Body=b"content")
    alice.put_bucket_policy(Bucket=bucket, Policy=document(bucket))
    assert send("GET", f"/{bucket}/key", account=None).body == b"content"
    alice.put_bucket_policy(Bucket=bucket, Policy=document(bucket, effect="Deny"))
    with refused("AccessDenied", 403):
        alice.get_object(Bucket=bucket, Key="key")


@pytest.mark.parametrize(
    "text", ["", "nonsense", "{}", "[]", '{"Version": "2012-10-17", "Statement": []}']
)
def test_what_is_no_policy(send, bucket, text):
    answer = send("PUT", f"/{bucket}?policy", body=text.encode())
    assert answer.status == 400
    assert b"<Code>MalformedPolicy</Code>" in answer.body


def test_of_another_bucket(alice, bucket, refused):
    with refused("MalformedPolicy", 400):
        alice.put_bucket_policy(Bucket=bucket, Policy=document("elsewhere"))


def test_bytes_that_are_no_text(send, bucket):
    answer = send("PUT", f"/{bucket}?policy", body=b'{"Version": "\xff"}')
    assert answer.status == 400
    assert b"<Code>MalformedPolicy</Code>" in answer.body


def test_an_owner_is_never_shut_out_of_the_policy(alice, bucket, refused):
    text = document(bucket, action="s3:*", effect="Deny", on="")
    alice.put_bucket_policy(Bucket=bucket, Policy=text)
    with refused("AccessDenied", 403):
        alice.list_objects_v2(Bucket=bucket)
    assert alice.get_bucket_policy(Bucket=bucket)["Policy"] == text
    alice.delete_bucket_policy(Bucket=bucket)
    assert alice.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_strangers(bob, bucket, refused):
    with refused("AccessDenied", 403):
        bob.get_bucket_policy(Bucket=bucket)
    with refused("AccessDenied", 403):
        bob.put_bucket_policy(Bucket=bucket, Policy=document(bucket))
    with refused("AccessDenied", 403):
        bob.delete_bucket_policy(Bucket=bucket)


def is_public(client, bucket):
    return client.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]


def test_the_status(alice, bucket):
    assert not is_public(alice, bucket)
    alice.put_bucket_policy(Bucket=bucket, Policy=document(bucket))
    assert is_public(alice, bucket)
    narrow = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    alice.put_bucket_policy(Bucket=bucket, Policy=document(bucket, Condition=narrow))
    assert not is_public(alice, bucket)


def test_a_public_list_makes_it_public_too(alice, bucket):
    alice.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert is_public(alice, bucket)
    alice.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration={"IgnorePublicAcls": True}
    )
    assert not is_public(alice, bucket)
