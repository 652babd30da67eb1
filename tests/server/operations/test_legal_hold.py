from __future__ import annotations

import pytest


@pytest.fixture
def stored(alice, locked):
    return locked, alice.put_object(Bucket=locked, Key="key", Body=b"x")["VersionId"]


def put(client, bucket, status, **named):
    client.put_object_legal_hold(Bucket=bucket, Key="key", LegalHold={"Status": status}, **named)


def get(client, bucket, **named):
    return client.get_object_legal_hold(Bucket=bucket, Key="key", **named)["LegalHold"]["Status"]


def test_put_and_get(alice, stored):
    for status in ("ON", "OFF", "ON"):
        put(alice, stored[0], status)
        assert get(alice, stored[0]) == status


def test_none(alice, stored, refused):
    with refused("NoSuchObjectLockConfiguration", 404):
        get(alice, stored[0])


def test_it_keeps_the_version_whatever_is_bypassed(alice, stored, refused):
    bucket, version = stored
    put(alice, bucket, "ON")
    with refused("AccessDenied", 403):
        alice.delete_object(
            Bucket=bucket, Key="key", VersionId=version, BypassGovernanceRetention=True
        )
    put(alice, bucket, "OFF")
    alice.delete_object(Bucket=bucket, Key="key", VersionId=version)


def test_each_version_has_its_own(alice, stored, refused):
    bucket, old = stored
    alice.put_object(Bucket=bucket, Key="key", Body=b"y")
    put(alice, bucket, "ON", VersionId=old)
    assert get(alice, bucket, VersionId=old) == "ON"
    with refused("NoSuchObjectLockConfiguration", 404):
        get(alice, bucket)


def test_a_bucket_without_lock(alice, bucket, refused):
    alice.put_object(Bucket=bucket, Key="key", Body=b"x")
    with refused("InvalidRequest", 400):
        put(alice, bucket, "ON")
    with refused("InvalidRequest", 400):
        get(alice, bucket)


def test_what_is_wrong(alice, stored, refused, send):
    with refused("MalformedXML", 400):
        put(alice, stored[0], "abc")
    answer = send("PUT", f"/{stored[0]}/key?legal-hold", body=b"<LegalHold/>")
    assert b"<Code>MalformedXML</Code>" in answer.body
    with refused("NoSuchVersion", 404):
        put(alice, stored[0], "ON", VersionId="0.0000000000000000")


def test_strangers(bob, stored, refused):
    with refused("AccessDenied", 403):
        put(bob, stored[0], "ON")
    with refused("AccessDenied", 403):
        get(bob, stored[0])
