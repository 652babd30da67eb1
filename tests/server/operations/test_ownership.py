from __future__ import annotations

import pytest

SETTINGS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")


def put(client, bucket, *settings):
    rules = [{"ObjectOwnership": setting} for setting in settings]
    client.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": rules})


def get(client, bucket):
    found = client.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    return [rule["ObjectOwnership"] for rule in found["Rules"]]


def test_a_new_bucket_has_no_setting(alice, bucket, refused):
    with refused("OwnershipControlsNotFoundError", 404):
        get(alice, bucket)


@pytest.mark.parametrize("setting", SETTINGS)
def test_put_and_get(alice, bucket, setting):
    put(alice, bucket, setting)
    assert get(alice, bucket) == [setting]


@pytest.mark.parametrize("settings", [(), ("Nobody",), ("",), SETTINGS[:2]])
def test_exactly_one_setting(alice, bucket, refused, settings):
    with refused("MalformedXML", 400):
        put(alice, bucket, *settings)


def test_delete_is_harmless_twice(alice, bucket, refused):
    put(alice, bucket, "BucketOwnerEnforced")
    alice.delete_bucket_ownership_controls(Bucket=bucket)
    alice.delete_bucket_ownership_controls(Bucket=bucket)
    with refused("OwnershipControlsNotFoundError", 404):
        get(alice, bucket)


def test_lists_cannot_be_disabled_while_one_gives_something(alice, bucket, refused):
    alice.put_bucket_acl(Bucket=bucket, ACL="public-read")
    with refused("InvalidBucketAclWithObjectOwnership", 400):
        put(alice, bucket, "BucketOwnerEnforced")
    alice.put_bucket_acl(Bucket=bucket, ACL="private")
    put(alice, bucket, "BucketOwnerEnforced")


def test_enforced_lists_cannot_be_set(alice, bucket, refused):
    alice.put_object(Bucket=bucket, Key="key", Body=b"x")
    put(alice, bucket, "BucketOwnerEnforced")
    with refused("AccessControlListNotSupported", 400):
        alice.put_bucket_acl(Bucket=bucket, ACL="public-read")
    with refused("AccessControlListNotSupported", 400):
        alice.put_object_acl(Bucket=bucket, Key="key", ACL="public-read")
    with refused("AccessControlListNotSupported", 400):
        alice.put_object(Bucket=bucket, Key="key", Body=b"x", ACL="public-read")


def test_enforced_full_control_of_the_owner_is_let_through(alice, bucket):
    put(alice, bucket, "BucketOwnerEnforced")
    alice.put_object(Bucket=bucket, Key="key", Body=b"x", ACL="bucket-owner-full-control")
    alice.put_object_acl(Bucket=bucket, Key="key", ACL="bucket-owner-full-control")
    grants = alice.get_object_acl(Bucket=bucket, Key="key")["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL"]


def test_enforced_takes_the_effect_of_lists(alice, bucket, send):
    alice.put_object(Bucket=bucket, Key="key", Body=b"x", ACL="public-read")
    put(alice, bucket, "BucketOwnerEnforced")
    assert send("GET", f"/{bucket}/key", account=None).status == 403
    put(alice, bucket, "ObjectWriter")
    assert send("GET", f"/{bucket}/key", account=None).status == 200
