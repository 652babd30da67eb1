"""Public access blocks, and ownership controls."""

from __future__ import annotations

import json

import pytest

ALL = dict.fromkeys(
    ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True
)
NONE = dict.fromkeys(ALL, False)


def block(s3, bucket, **settings):
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={**NONE, **settings})


def public_policy(bucket):
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": "s3:GetObject",
                    "Resource": f"arn:aws:s3:::{bucket}/*",
                }
            ],
        }
    )


def test_a_block_is_kept_and_deleted(s3, bucket, refused):
    block(s3, bucket, BlockPublicAcls=True)
    found = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert found == {**NONE, "BlockPublicAcls": True}
    s3.delete_public_access_block(Bucket=bucket)
    with refused("NoSuchPublicAccessBlockConfiguration", 404):
        s3.get_public_access_block(Bucket=bucket)


def test_public_lists_are_refused(s3, bucket, refused):
    block(s3, bucket, BlockPublicAcls=True)
    for canned in ("public-read", "public-read-write", "authenticated-read"):
        with refused("AccessDenied", 403):
            s3.put_bucket_acl(Bucket=bucket, ACL=canned)
        with refused("AccessDenied", 403):
            s3.put_object(Bucket=bucket, Key="k", Body=b"1", ACL=canned)
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", ACL="private")
    with refused("AccessDenied", 403):
        s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")
    s3.put_bucket_acl(Bucket=bucket, ACL="private")


def test_public_lists_are_passed_over(s3, anonymous, bucket, refused):
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", ACL="public-read")
    anonymous.get_object(Bucket=bucket, Key="k")
    block(s3, bucket, IgnorePublicAcls=True)
    with refused("AccessDenied", 403):
        anonymous.get_object(Bucket=bucket, Key="k")
    with refused("AccessDenied", 403):
        anonymous.list_objects(Bucket=bucket)
    block(s3, bucket)
    anonymous.get_object(Bucket=bucket, Key="k")


def test_public_policies_are_refused(s3, bucket, refused):
    block(s3, bucket, BlockPublicPolicy=True)
    with refused("AccessDenied", 403):
        s3.put_bucket_policy(Bucket=bucket, Policy=public_policy(bucket))


def test_public_policies_are_restricted(s3, anonymous, other, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    s3.put_bucket_policy(Bucket=bucket, Policy=public_policy(bucket))
    anonymous.get_object(Bucket=bucket, Key="k")
    block(s3, bucket, RestrictPublicBuckets=True)
    for client in (anonymous, other):
        with refused("AccessDenied", 403):
            client.get_object(Bucket=bucket, Key="k")
    s3.get_object(Bucket=bucket, Key="k")


def test_a_block_that_is_none(send, bucket):
    assert send("PUT", f"/{bucket}?publicAccessBlock", b"<x").refusal == ("MalformedXML", 400)


@pytest.mark.parametrize("rule", ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"])
def test_controls_are_kept_and_deleted(s3, bucket, refused, rule):
    controls = {"Rules": [{"ObjectOwnership": rule}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)
    found = s3.get_bucket_ownership_controls(Bucket=bucket)
    assert found["OwnershipControls"] == controls
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    with refused("OwnershipControlsNotFoundError", 404):
        s3.get_bucket_ownership_controls(Bucket=bucket)
    name = f"owned-{bucket}-{rule.lower()}"
    s3.create_bucket(Bucket=name, ObjectOwnership=rule)
    assert s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"] == controls


def test_lists_can_be_turned_off(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)
    for ask in (
        lambda: s3.put_bucket_acl(Bucket=bucket, ACL="public-read"),
        lambda: s3.put_object_acl(Bucket=bucket, Key="k", ACL="public-read"),
        lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"1", ACL="public-read"),
    ):
        with refused("AccessControlListNotSupported", 400):
            ask()
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", ACL="bucket-owner-full-control")
    assert len(s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]) == 1


def test_lists_that_are_public_cannot_be_turned_off(s3, bucket, refused):
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    with refused("InvalidBucketAclWithObjectOwnership", 400):
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)


def test_the_bucket_s_owner_is_preferred(s3, other, bucket):
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)
    other.put_object(Bucket=bucket, Key="k", Body=b"1", ACL="bucket-owner-full-control")
    owner = s3.list_buckets()["Owner"]["ID"]
    assert s3.get_object_acl(Bucket=bucket, Key="k")["Owner"]["ID"] == owner


@pytest.mark.parametrize("body", [b"<x", b"<OwnershipControls/>"])
def test_controls_that_are_none(send, bucket, body):
    assert send("PUT", f"/{bucket}?ownershipControls", body).refusal == ("MalformedXML", 400)


def test_a_rule_that_is_none(s3, bucket, refused):
    with refused("MalformedXML", 400):
        s3.put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "Nobody"}]}
        )
