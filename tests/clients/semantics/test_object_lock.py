"""Object lock: configuration, retention, legal hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError


def later(days=1):
    return (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)


def configuration(mode="GOVERNANCE", enabled="Enabled", **period):
    return {
        "ObjectLockEnabled": enabled,
        "Rule": {"DefaultRetention": {"Mode": mode, **(period or {"Days": 1})}},
    }


@pytest.fixture
def object(s3, locked):
    id = s3.put_object(Bucket=locked, Key="k", Body=b"1")["VersionId"]
    return {"Bucket": locked, "Key": "k", "VersionId": id}


def retain(s3, object, mode="GOVERNANCE", days=1, **options):
    s3.put_object_retention(
        **object, Retention={"Mode": mode, "RetainUntilDate": later(days)}, **options
    )


def test_a_locked_bucket_has_versions(s3, locked):
    assert s3.get_bucket_versioning(Bucket=locked)["Status"] == "Enabled"
    found = s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"]
    assert found == {"ObjectLockEnabled": "Enabled"}


def test_versions_of_a_locked_bucket_stay_on(s3, locked, refused):
    with refused("InvalidBucketState", 409):
        s3.put_bucket_versioning(Bucket=locked, VersioningConfiguration={"Status": "Suspended"})


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
@pytest.mark.parametrize("period", [{"Days": 3}, {"Years": 2}])
def test_a_default_is_kept(s3, locked, mode, period):
    wanted = configuration(mode, **period)
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=wanted)
    found = s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"]
    assert found == wanted


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"Days": 1, "Years": 1}, {"MalformedXML"}),
        ({"mode": "abc"}, {"MalformedXML"}),
        ({"enabled": "Disabled"}, {"MalformedXML"}),
        ({"Days": 0}, {"InvalidRetentionPeriod", "InvalidArgument"}),
        ({"Years": -1}, {"InvalidRetentionPeriod", "InvalidArgument"}),
        ({"Days": 36501}, {"InvalidRetentionPeriod", "InvalidArgument"}),
    ],
)
def test_defaults_that_are_none(s3, locked, change, codes):
    with pytest.raises(ClientError) as found:
        s3.put_object_lock_configuration(
            Bucket=locked, ObjectLockConfiguration=configuration(**change)
        )
    assert found.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert found.value.response["Error"]["Code"] in codes


def test_a_bucket_without_versions_cannot_be_locked(s3, bucket, refused):
    with refused("InvalidBucketState", 409):
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration())


def test_a_bucket_with_versions_can_be_locked_later(s3, versioned):
    s3.put_object_lock_configuration(Bucket=versioned, ObjectLockConfiguration=configuration())
    found = s3.get_object_lock_configuration(Bucket=versioned)["ObjectLockConfiguration"]
    assert found == configuration()


def test_the_default_is_given_to_new_objects(s3, locked):
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=configuration(Days=2))
    s3.put_object(Bucket=locked, Key="k", Body=b"1")
    head = s3.head_object(Bucket=locked, Key="k")
    assert head["ObjectLockMode"] == "GOVERNANCE"
    assert abs(head["ObjectLockRetainUntilDate"] - later(2)) < timedelta(minutes=1)


def test_a_put_with_a_lock_of_its_own(s3, locked):
    until = later(5)
    s3.put_object(
        Bucket=locked,
        Key="k",
        Body=b"1",
        ObjectLockMode="COMPLIANCE",
        ObjectLockRetainUntilDate=until,
        ObjectLockLegalHoldStatus="ON",
    )
    head = s3.head_object(Bucket=locked, Key="k")
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert head["ObjectLockRetainUntilDate"] == until
    assert head["ObjectLockLegalHoldStatus"] == "ON"


@pytest.mark.parametrize(
    "options",
    [
        {"ObjectLockMode": "GOVERNANCE"},
        {"ObjectLockRetainUntilDate": later()},
        {"ObjectLockMode": "SOMEHOW", "ObjectLockRetainUntilDate": later()},
        {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": later(-1)},
        {"ObjectLockLegalHoldStatus": "MAYBE"},
    ],
)
def test_a_put_with_half_a_lock(s3, locked, options):
    with pytest.raises(ClientError) as found:
        s3.put_object(Bucket=locked, Key="k", Body=b"1", **options)
    assert found.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert found.value.response["Error"]["Code"] in ("InvalidArgument", "InvalidRequest")


def test_a_lock_needs_a_locked_bucket(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    named = {"Bucket": bucket, "Key": "k"}
    for ask in (
        lambda: s3.put_object(**named, Body=b"1", ObjectLockLegalHoldStatus="ON"),
        lambda: retain(s3, named),
        lambda: s3.get_object_retention(**named),
        lambda: s3.put_object_legal_hold(**named, LegalHold={"Status": "ON"}),
        lambda: s3.get_object_legal_hold(**named),
    ):
        with refused("InvalidRequest", 400):
            ask()


def test_a_retention_is_kept(s3, object):
    until = later()
    retain(s3, object)
    found = s3.get_object_retention(**object)["Retention"]
    assert found["Mode"] == "GOVERNANCE"
    assert abs(found["RetainUntilDate"] - until) < timedelta(minutes=1)
    unnamed = {"Bucket": object["Bucket"], "Key": "k"}
    assert s3.get_object_retention(**unnamed)["Retention"] == found


def test_no_retention_and_no_hold(s3, object, refused):
    with refused("NoSuchObjectLockConfiguration", 404):
        s3.get_object_retention(**object)
    with refused("NoSuchObjectLockConfiguration", 404):
        s3.get_object_legal_hold(**object)


def test_a_retention_that_is_none(s3, object, refused):
    with refused("MalformedXML", 400):
        retain(s3, object, "SOMEHOW")
    with refused("InvalidArgument", 400):
        retain(s3, object, days=-1)


def test_a_retention_can_grow(s3, object):
    retain(s3, object, days=1)
    retain(s3, object, days=5)


def test_a_retention_cannot_shrink(s3, object, refused):
    retain(s3, object, days=5)
    with refused("AccessDenied", 403):
        retain(s3, object, days=1)
    retain(s3, object, days=1, BypassGovernanceRetention=True)


def test_compliance_cannot_shrink_at_all(s3, object, refused):
    retain(s3, object, "COMPLIANCE", days=5)
    for mode in ("COMPLIANCE", "GOVERNANCE"):
        with refused("AccessDenied", 403):
            retain(s3, object, mode, days=1, BypassGovernanceRetention=True)
    with refused("AccessDenied", 403):
        s3.delete_object(**object, BypassGovernanceRetention=True)


def test_governance_may_become_compliance_with_leave(s3, object, refused):
    retain(s3, object, days=5)
    with refused("AccessDenied", 403):
        retain(s3, object, "COMPLIANCE", days=5)
    retain(s3, object, "COMPLIANCE", days=5, BypassGovernanceRetention=True)


def test_a_retained_version_cannot_be_deleted(s3, object, refused):
    retain(s3, object)
    with refused("AccessDenied", 403):
        s3.delete_object(**object)
    answer = s3.delete_objects(
        Bucket=object["Bucket"],
        Delete={"Objects": [{"Key": "k", "VersionId": object["VersionId"]}]},
    )
    assert [each["Code"] for each in answer["Errors"]] == ["AccessDenied"]
    answer = s3.delete_object(Bucket=object["Bucket"], Key="k")
    assert answer["DeleteMarker"]
    assert s3.get_object(**object)["Body"].read() == b"1"
    s3.delete_object(**object, BypassGovernanceRetention=True)


def test_a_held_version_cannot_be_deleted(s3, object, refused):
    s3.put_object_legal_hold(**object, LegalHold={"Status": "ON"})
    assert s3.get_object_legal_hold(**object)["LegalHold"] == {"Status": "ON"}
    with refused("AccessDenied", 403):
        s3.delete_object(**object, BypassGovernanceRetention=True)
    s3.put_object_legal_hold(**object, LegalHold={"Status": "OFF"})
    assert s3.get_object_legal_hold(**object)["LegalHold"] == {"Status": "OFF"}
    s3.delete_object(**object)


def test_a_hold_that_is_none(s3, object, refused):
    with refused("MalformedXML", 400):
        s3.put_object_legal_hold(**object, LegalHold={"Status": "MAYBE"})


def test_many_are_deleted_with_leave(s3, object):
    retain(s3, object)
    answer = s3.delete_objects(
        Bucket=object["Bucket"],
        BypassGovernanceRetention=True,
        Delete={"Objects": [{"Key": "k", "VersionId": object["VersionId"]}]},
    )
    assert "Errors" not in answer


def test_a_bypass_is_not_everybody_s(s3, other, object, refused):
    retain(s3, object)
    with refused("AccessDenied", 403):
        other.delete_object(**object, BypassGovernanceRetention=True)


def test_a_lock_of_an_upload(s3, locked):
    upload = s3.create_multipart_upload(
        Bucket=locked,
        Key="k",
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate=later(),
        ObjectLockLegalHoldStatus="OFF",
    )["UploadId"]
    named = {"Bucket": locked, "Key": "k", "UploadId": upload}
    etag = s3.upload_part(**named, PartNumber=1, Body=b"1")["ETag"]
    s3.complete_multipart_upload(
        **named, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
    )
    assert s3.head_object(Bucket=locked, Key="k")["ObjectLockMode"] == "GOVERNANCE"


@pytest.fixture
def limited(s3, object):
    """A bucket whose policy limits what even its owner may lock."""

    def limited(action, **condition):
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": action,
            "Resource": f"arn:aws:s3:::{object['Bucket']}/*",
            "Condition": condition,
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        s3.put_bucket_policy(Bucket=object["Bucket"], Policy=json.dumps(policy))

    return limited


def test_a_policy_limits_retentions(s3, object, limited, refused):
    """User Guide, "Limiting retention periods with a bucket policy"."""
    days = {"s3:object-lock-remaining-retention-days": "10"}
    limited("s3:PutObjectRetention", NumericGreaterThan=days)
    place = {"Bucket": object["Bucket"], "Key": "new", "Body": b"1"}
    with refused("AccessDenied", 403):
        retain(s3, object, days=11)
    with refused("AccessDenied", 403):
        s3.put_object(**place, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later(11))
    s3.put_object(**place, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later(10))
    retain(s3, object, days=10)


def test_a_policy_limits_modes_and_holds(s3, object, limited, refused):
    limited("s3:*", StringEquals={"s3:object-lock-mode": "COMPLIANCE"})
    with refused("AccessDenied", 403):
        retain(s3, object, "COMPLIANCE")
    retain(s3, object)
    limited("s3:*", StringEquals={"s3:object-lock-legal-hold": "ON"})
    with refused("AccessDenied", 403):
        s3.put_object_legal_hold(**object, LegalHold={"Status": "ON"})
    with refused("AccessDenied", 403):
        s3.put_object(Bucket=object["Bucket"], Key="new", ObjectLockLegalHoldStatus="ON")
    s3.put_object_legal_hold(**object, LegalHold={"Status": "OFF"})
