from __future__ import annotations

import pytest


def put(client, bucket, rule=None, **more):
    configuration = {"ObjectLockEnabled": "Enabled"}
    if rule is not None:
        configuration["Rule"] = {"DefaultRetention": rule}
    client.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration=configuration, **more
    )


def get(client, bucket):
    return client.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]


def enable_versioning(client, bucket, status="Enabled"):
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def test_a_bucket_without(alice, bucket, refused):
    with refused("ObjectLockConfigurationNotFoundError", 404):
        get(alice, bucket)


def test_a_bucket_that_is_made_with_it(alice, locked):
    assert get(alice, locked) == {"ObjectLockEnabled": "Enabled"}
    assert alice.get_bucket_versioning(Bucket=locked)["Status"] == "Enabled"


@pytest.mark.parametrize(
    "rule",
    [
        {"Mode": "GOVERNANCE", "Days": 1},
        {"Mode": "COMPLIANCE", "Years": 1},
        {"Mode": "GOVERNANCE", "Days": 36_500},
        {"Mode": "GOVERNANCE", "Years": 100},
    ],
)
def test_a_default(alice, locked, rule):
    put(alice, locked, rule)
    assert get(alice, locked)["Rule"]["DefaultRetention"] == rule
    put(alice, locked)
    assert "Rule" not in get(alice, locked)


def test_it_can_be_turned_on_where_versions_are_kept(alice, bucket, refused):
    with refused("InvalidBucketState", 409):
        put(alice, bucket)
    enable_versioning(alice, bucket, "Suspended")
    with refused("InvalidBucketState", 409):
        put(alice, bucket)
    enable_versioning(alice, bucket)
    put(alice, bucket, {"Mode": "GOVERNANCE", "Days": 2})
    assert get(alice, bucket)["Rule"]["DefaultRetention"]["Days"] == 2
    with refused("InvalidBucketState", 409):
        enable_versioning(alice, bucket, "Suspended")


@pytest.mark.parametrize(
    "rule",
    [
        {"Mode": "GOVERNANCE", "Days": 0},
        {"Mode": "GOVERNANCE", "Days": -1},
        {"Mode": "GOVERNANCE", "Years": 0},
        {"Mode": "GOVERNANCE", "Days": 36_501},
        {"Mode": "GOVERNANCE", "Years": 101},
    ],
)
def test_a_period_is_between_a_day_and_a_century(alice, locked, refused, rule):
    with refused("InvalidArgument", 400):
        put(alice, locked, rule)
    assert "Rule" not in get(alice, locked)


@pytest.mark.parametrize(
    "rule",
    [
        {"Mode": "governance", "Days": 1},
        {"Mode": "GOVERNANCE"},
        {"Days": 1},
        {"Mode": "GOVERNANCE", "Days": 1, "Years": 1},
        {},
    ],
)
def test_malformed_defaults(alice, locked, refused, rule):
    with refused("MalformedXML", 400):
        put(alice, locked, rule)


@pytest.mark.parametrize(
    "body",
    [
        b"<ObjectLockConfiguration/>",
        b"<ObjectLockConfiguration><ObjectLockEnabled>Disabled</ObjectLockEnabled>"
        b"</ObjectLockConfiguration>",
        b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule/>"
        b"</ObjectLockConfiguration>",
    ],
)
def test_malformed_documents(send, locked, body):
    answer = send("PUT", f"/{locked}?object-lock", body=body)
    assert answer.status == 400
    assert b"<Code>MalformedXML</Code>" in answer.body


def test_the_default_is_applied(alice, locked):
    put(alice, locked, {"Mode": "GOVERNANCE", "Days": 3})
    made = alice.put_object(Bucket=locked, Key="key", Body=b"x")
    found = alice.get_object_retention(Bucket=locked, Key="key")["Retention"]
    assert found["Mode"] == "GOVERNANCE"
    written = alice.head_object(Bucket=locked, Key="key", VersionId=made["VersionId"])
    assert (found["RetainUntilDate"] - written["LastModified"]).days == 3
