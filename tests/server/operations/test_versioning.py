from __future__ import annotations

import pytest


def put(client, bucket, **configuration):
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=configuration)


def status(client, bucket):
    return client.get_bucket_versioning(Bucket=bucket).get("Status")


def test_a_new_bucket_has_no_status(alice, bucket):
    assert status(alice, bucket) is None


@pytest.mark.parametrize("wanted", ["Enabled", "Suspended"])
def test_put_and_get(alice, bucket, wanted):
    put(alice, bucket, Status=wanted)
    assert status(alice, bucket) == wanted


def test_it_can_be_suspended_and_enabled_again(alice, bucket):
    for wanted in ("Enabled", "Suspended", "Enabled"):
        put(alice, bucket, Status=wanted)
        assert status(alice, bucket) == wanted


@pytest.mark.parametrize("wanted", ["enabled", "Disabled", "Off"])
def test_unknown_states_are_malformed(alice, bucket, refused, wanted):
    with refused("MalformedXML", 400):
        put(alice, bucket, Status=wanted)
    assert status(alice, bucket) is None


def test_a_state_is_needed(alice, bucket, refused):
    with refused("IllegalVersioningConfigurationException", 400):
        put(alice, bucket)


def test_mfa_delete_cannot_be_turned_on(alice, bucket, refused):
    with refused("AccessDenied", 403):
        put(alice, bucket, Status="Enabled", MFADelete="Enabled")
    assert status(alice, bucket) is None
    put(alice, bucket, Status="Enabled", MFADelete="Disabled")
    assert status(alice, bucket) == "Enabled"


def test_a_locked_bucket_keeps_its_versions(alice, locked, refused):
    with refused("InvalidBucketState", 409):
        put(alice, locked, Status="Suspended")
    put(alice, locked, Status="Enabled")
    assert status(alice, locked) == "Enabled"


def test_an_empty_body_says_nothing(send, bucket):
    answer = send("PUT", f"/{bucket}?versioning")
    assert answer.status == 400
    assert b"<Code>MissingRequestBodyError</Code>" in answer.body


def test_no_bucket_comes_before_a_bad_body(send):
    answer = send("PUT", "/no-such-bucket?versioning", body=b"<nonsense")
    assert answer.status == 404
    assert b"<Code>NoSuchBucket</Code>" in answer.body


def test_strangers_may_neither_look_nor_change(bob, bucket, refused):
    with refused("AccessDenied", 403):
        put(bob, bucket, Status="Enabled")
    with refused("AccessDenied", 403):
        status(bob, bucket)
