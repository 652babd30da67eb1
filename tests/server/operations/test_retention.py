from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest


@pytest.fixture
def clock():
    """The real time, so that signatures hold."""
    return datetime.now(UTC)


def later(clock, days):
    return (clock + timedelta(days=days)).replace(microsecond=0)


@pytest.fixture
def stored(alice, locked):
    return locked, alice.put_object(Bucket=locked, Key="key", Body=b"x")["VersionId"]


def put(client, bucket, mode=None, until=None, **more):
    retention = {} if mode is None else {"Mode": mode, "RetainUntilDate": until}
    client.put_object_retention(Bucket=bucket, Key="key", Retention=retention, **more)


def get(client, bucket, **named):
    found = client.get_object_retention(Bucket=bucket, Key="key", **named)["Retention"]
    return found["Mode"], found["RetainUntilDate"]


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_put_and_get(alice, stored, clock, mode):
    put(alice, stored[0], mode, later(clock, 1))
    assert get(alice, stored[0]) == (mode, later(clock, 1))


def test_no_digit_is_lost(alice, stored, clock):
    until = (clock + timedelta(days=1)).replace(microsecond=123_456)
    put(alice, stored[0], "COMPLIANCE", until)
    mode, shown = get(alice, stored[0])
    assert shown == until
    put(alice, stored[0], mode, shown)


def test_none(alice, stored, refused):
    with refused("NoSuchObjectLockConfiguration", 404):
        get(alice, stored[0])


def test_a_bucket_without_lock(alice, bucket, refused, clock):
    alice.put_object(Bucket=bucket, Key="key", Body=b"x")
    with refused("InvalidRequest", 400):
        get(alice, bucket)
    with refused("InvalidRequest", 400):
        put(alice, bucket, "GOVERNANCE", later(clock, 1))


def test_no_such_key(alice, locked, refused, clock):
    with refused("NoSuchKey", 404):
        get(alice, locked)
    with refused("NoSuchKey", 404):
        put(alice, locked, "GOVERNANCE", later(clock, 1))


def test_a_marker_cannot_be_kept(alice, stored, refused, clock):
    marker = alice.delete_object(Bucket=stored[0], Key="key")["VersionId"]
    with refused("MethodNotAllowed", 405):
        put(alice, stored[0], "GOVERNANCE", later(clock, 1), VersionId=marker)
    with refused("MethodNotAllowed", 405):
        get(alice, stored[0], VersionId=marker)


def test_the_date_is_to_come(alice, stored, refused, clock):
    with refused("InvalidArgument", 400):
        put(alice, stored[0], "GOVERNANCE", later(clock, -1))


def test_unknown_modes(alice, stored, refused, clock):
    for mode in ("governance", "ABC"):
        with refused("MalformedXML", 400):
            put(alice, stored[0], mode, later(clock, 1))


@pytest.mark.parametrize(
    "body",
    [
        b"<Retention><Mode>GOVERNANCE</Mode></Retention>",
        b"<Retention><RetainUntilDate>2100-01-01T00:00:00Z</RetainUntilDate></Retention>",
        b"<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>soon</RetainUntilDate></Retention>",
        b"<Keep/>",
    ],
)
def test_malformed_documents(send, stored, body):
    answer = send("PUT", f"/{stored[0]}/key?retention", body=body)
    assert answer.status == 400
    assert b"<Code>MalformedXML</Code>" in answer.body


def test_it_keeps_the_version(alice, stored, refused, clock):
    bucket, version = stored
    put(alice, bucket, "GOVERNANCE", later(clock, 1))
    with refused("AccessDenied", 403):
        alice.delete_object(Bucket=bucket, Key="key", VersionId=version)
    alice.delete_object(Bucket=bucket, Key="key", VersionId=version, BypassGovernanceRetention=True)


def test_both_can_be_made_longer(alice, stored, clock):
    for mode in ("GOVERNANCE", "COMPLIANCE"):
        made = alice.put_object(Bucket=stored[0], Key="key", Body=b"x")
        put(alice, stored[0], mode, later(clock, 1), VersionId=made["VersionId"])
        put(alice, stored[0], mode, later(clock, 1), VersionId=made["VersionId"])
        put(alice, stored[0], mode, later(clock, 2), VersionId=made["VersionId"])
        assert get(alice, stored[0]) == (mode, later(clock, 2))


def test_governance_yields_to_the_bypass_alone(alice, stored, refused, clock):
    bucket = stored[0]
    put(alice, bucket, "GOVERNANCE", later(clock, 3))
    changes = [
        ("GOVERNANCE", later(clock, 2)),
        (None, None),
        ("COMPLIANCE", later(clock, 4)),
    ]
    for mode, until in changes:
        with refused("AccessDenied", 403):
            put(alice, bucket, mode, until)
        assert get(alice, bucket) == ("GOVERNANCE", later(clock, 3))
    put(alice, bucket, *changes[0], BypassGovernanceRetention=True)
    assert get(alice, bucket) == changes[0]
    put(alice, bucket, BypassGovernanceRetention=True)
    with refused("NoSuchObjectLockConfiguration", 404):
        get(alice, bucket)


def test_governance_can_become_compliance(alice, stored, clock):
    put(alice, stored[0], "GOVERNANCE", later(clock, 1))
    put(alice, stored[0], "COMPLIANCE", later(clock, 1), BypassGovernanceRetention=True)
    assert get(alice, stored[0])[0] == "COMPLIANCE"


def test_compliance_is_never_weakened(alice, stored, refused, clock):
    bucket = stored[0]
    put(alice, bucket, "COMPLIANCE", later(clock, 2))
    changes = [("COMPLIANCE", later(clock, 1)), (None, None), ("GOVERNANCE", later(clock, 3))]
    for mode, until in changes:
        with refused("AccessDenied", 403):
            put(alice, bucket, mode, until, BypassGovernanceRetention=True)
    assert get(alice, bucket) == ("COMPLIANCE", later(clock, 2))


def test_the_bypass_is_a_permission_of_its_own(server, alice, bob, stored, refused, clock):
    bucket, version = stored
    put(alice, bucket, "GOVERNANCE", later(clock, 3))
    allow(server, alice, bucket, "s3:PutObjectRetention", "s3:DeleteObjectVersion")
    with refused("AccessDenied", 403):
        put(bob, bucket, "GOVERNANCE", later(clock, 1), BypassGovernanceRetention=True)
    with refused("AccessDenied", 403):
        bob.delete_object(
            Bucket=bucket, Key="key", VersionId=version, BypassGovernanceRetention=True
        )
    put(bob, bucket, "GOVERNANCE", later(clock, 4))
    allow(server, alice, bucket, "s3:PutObjectRetention", "s3:BypassGovernanceRetention")
    put(bob, bucket, "GOVERNANCE", later(clock, 1), BypassGovernanceRetention=True)


def allow(server, alice, bucket, *actions):
    statement = {
        "Effect": "Allow",
        "Principal": {"CanonicalUser": server.bob.canonical_id},
        "Action": list(actions),
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    alice.put_bucket_policy(Bucket=bucket, Policy=document)


def test_headers_of_put_object(alice, locked, clock):
    alice.put_object(
        Bucket=locked,
        Key="key",
        Body=b"x",
        ObjectLockMode="COMPLIANCE",
        ObjectLockRetainUntilDate=later(clock, 1),
        ObjectLockLegalHoldStatus="ON",
    )
    assert get(alice, locked) == ("COMPLIANCE", later(clock, 1))
    assert alice.get_object_legal_hold(Bucket=locked, Key="key")["LegalHold"]["Status"] == "ON"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"ObjectLockMode": "GOVERNANCE"}, "InvalidArgument"),
        ({"ObjectLockRetainUntilDate": datetime(2100, 1, 1, tzinfo=UTC)}, "InvalidArgument"),
        (
            {
                "ObjectLockMode": "abc",
                "ObjectLockRetainUntilDate": datetime(2100, 1, 1, tzinfo=UTC),
            },
            "InvalidArgument",
        ),
        (
            {
                "ObjectLockMode": "GOVERNANCE",
                "ObjectLockRetainUntilDate": datetime(2001, 1, 1, tzinfo=UTC),
            },
            "InvalidArgument",
        ),
        ({"ObjectLockLegalHoldStatus": "on"}, "InvalidArgument"),
    ],
)
def test_bad_headers_store_nothing(alice, locked, refused, headers, code):
    with refused(code, 400):
        alice.put_object(Bucket=locked, Key="key", Body=b"x", **headers)
    with refused("404", 404):
        alice.head_object(Bucket=locked, Key="key")


def test_headers_need_a_locked_bucket(alice, bucket, refused):
    with refused("InvalidRequest", 400):
        alice.put_object(Bucket=bucket, Key="key", Body=b"x", ObjectLockLegalHoldStatus="ON")
