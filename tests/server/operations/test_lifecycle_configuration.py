from __future__ import annotations

from datetime import UTC, datetime

import pytest

RULE = {"ID": "one", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}


def put(client, bucket, *rules, **more):
    return client.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": list(rules)}, **more
    )


def get(client, bucket):
    return client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]


def test_rules_come_back_as_they_were(alice, bucket):
    rules = [
        RULE | {"Filter": {"Prefix": "a/"}},
        {
            "ID": "two",
            "Status": "Disabled",
            "Filter": {
                "And": {
                    "Prefix": "b/",
                    "Tags": [{"Key": "k", "Value": "v"}, {"Key": "l", "Value": ""}],
                    "ObjectSizeGreaterThan": 1,
                    "ObjectSizeLessThan": 100,
                }
            },
            "Expiration": {"Date": datetime(2030, 1, 1, tzinfo=UTC)},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 3, "NewerNoncurrentVersions": 2},
        },
        {
            "ID": "three",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
            "NoncurrentVersionTransitions": [{"NoncurrentDays": 1, "StorageClass": "GLACIER"}],
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
        {
            "ID": "four",
            "Status": "Enabled",
            "Filter": {"Tag": {"Key": "k", "Value": "v"}},
            "Expiration": {"Days": 4},
        },
    ]
    put(alice, bucket, *rules)
    assert get(alice, bucket) == rules


def test_rules_of_the_old_form(alice, bucket):
    rule = {"ID": "old", "Status": "Enabled", "Prefix": "a/", "Expiration": {"Days": 1}}
    put(alice, bucket, rule)
    assert get(alice, bucket) == [rule]


def test_put_replaces(alice, bucket):
    put(alice, bucket, RULE)
    put(alice, bucket, RULE | {"ID": "two"})
    assert [rule["ID"] for rule in get(alice, bucket)] == ["two"]


def test_none(alice, bucket, refused):
    with refused("NoSuchLifecycleConfiguration", 404):
        get(alice, bucket)


def test_delete_is_harmless_twice(alice, bucket, refused):
    put(alice, bucket, RULE)
    for _ in range(2):
        answer = alice.delete_bucket_lifecycle(Bucket=bucket)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchLifecycleConfiguration", 404):
        get(alice, bucket)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({}, "all_storage_classes_128K"),
        (
            {"TransitionDefaultMinimumObjectSize": "varies_by_storage_class"},
            "varies_by_storage_class",
        ),
    ],
)
def test_the_least_size_that_moves(alice, bucket, asked, shown):
    assert put(alice, bucket, RULE, **asked)["TransitionDefaultMinimumObjectSize"] == shown
    found = alice.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert found["TransitionDefaultMinimumObjectSize"] == shown


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Status": "enabled"}, "MalformedXML"),
        ({"Expiration": {"Days": 0}}, "InvalidArgument"),
        ({"ID": "x" * 256}, "InvalidArgument"),
        ({"Expiration": {"Date": datetime(2030, 1, 1, 5, tzinfo=UTC)}}, "InvalidArgument"),
    ],
)
def test_what_is_refused_changes_nothing(alice, bucket, refused, change, code):
    put(alice, bucket, RULE)
    with refused(code, 400):
        put(alice, bucket, RULE | change)
    assert get(alice, bucket) == [RULE]


def test_strangers(bob, bucket, refused):
    with refused("AccessDenied", 403):
        put(bob, bucket, RULE)
    with refused("AccessDenied", 403):
        get(bob, bucket)
    with refused("AccessDenied", 403):
        bob.delete_bucket_lifecycle(Bucket=bucket)
