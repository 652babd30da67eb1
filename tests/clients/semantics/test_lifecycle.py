"""The lifecycle configuration of a bucket."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest


def put(s3, bucket, *rules):
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": list(rules)}
    )


def rule(**more):
    return {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}} | more


EXPIRE = {"Expiration": {"Days": 1}}
GOOD = [
    EXPIRE,
    {"Expiration": {"Date": datetime(2030, 1, 1, tzinfo=UTC)}},
    {"Expiration": {"ExpiredObjectDeleteMarker": True}},
    {"NoncurrentVersionExpiration": {"NoncurrentDays": 5, "NewerNoncurrentVersions": 2}},
    {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}},
    {"Filter": {"Tag": {"Key": "a", "Value": "b"}}} | EXPIRE,
    {"Filter": {"ObjectSizeGreaterThan": 10}} | EXPIRE,
    {
        "Filter": {
            "And": {
                "Prefix": "p",
                "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}],
                "ObjectSizeGreaterThan": 1,
                "ObjectSizeLessThan": 9,
            }
        }
    }
    | EXPIRE,
    {"Filter": {}} | EXPIRE,
    {"Status": "Disabled"} | EXPIRE,
]


@pytest.mark.parametrize("change", GOOD)
def test_rules_are_kept(s3, bucket, change):
    put(s3, bucket, rule(**change))
    [found] = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert {name: found[name] for name in change} == change
    assert found["ID"] == "r"
    s3.delete_bucket_lifecycle(Bucket=bucket)


def test_the_older_form_with_a_prefix(s3, bucket):
    put(s3, bucket, {"ID": "r", "Status": "Enabled", "Prefix": "p/"} | EXPIRE)
    [found] = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert found["Prefix"] == "p/"
    assert "Filter" not in found


def test_ids_are_given(s3, bucket):
    put(s3, bucket, {"Status": "Enabled", "Filter": {"Prefix": "a"}} | EXPIRE)
    [found] = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert found["ID"]


BAD = [
    (EXPIRE | {"ID": "x" * 256}, "InvalidArgument"),
    (EXPIRE | {"Status": "enabled"}, "MalformedXML"),
    ({}, "InvalidRequest"),
    ({"Expiration": {"Days": 0}}, "InvalidArgument"),
    ({"Expiration": {"Days": -1}}, "InvalidArgument"),
    ({"Expiration": {}}, "MalformedXML"),
    ({"Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}, "MalformedXML"),
    ({"Expiration": {"Date": "20200101"}}, "MalformedXML"),
    ({"Expiration": {"Date": datetime(2030, 1, 1, 1, tzinfo=UTC)}}, "InvalidArgument"),
    ({"NoncurrentVersionExpiration": {"NoncurrentDays": 0}}, "InvalidArgument"),
    ({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 0}}, "InvalidArgument"),
]


@pytest.mark.parametrize(("change", "code"), BAD)
def test_rules_that_are_none(send, bucket, change, code):
    """Sent as XML of our own: boto3 would put dates right."""
    answer = send("PUT", f"/{bucket}?lifecycle", document(rule(**change)), md5(rule(**change)))
    assert answer.status == 400
    assert answer.code in (code, "MalformedXML" if code == "InvalidRequest" else code)


def document(found):
    return f"<LifecycleConfiguration><Rule>{xml(found)}</Rule></LifecycleConfiguration>".encode()


def xml(found):
    if isinstance(found, dict):
        return "".join(f"<{name}>{xml(value)}</{name}>" for name, value in found.items())
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, datetime):
        return found.isoformat().replace("+00:00", "Z")
    return str(found)


def md5(found):
    return {"Content-MD5": base64.b64encode(hashlib.md5(document(found)).digest()).decode()}


def test_an_id_twice(s3, bucket, refused):
    with refused("InvalidArgument", 400):
        put(
            s3,
            bucket,
            rule(**EXPIRE, Filter={"Prefix": "a"}),
            rule(**EXPIRE, Filter={"Prefix": "b"}),
        )


def test_no_rules(s3, bucket, refused):
    with refused("MalformedXML", 400):
        put(s3, bucket)


def test_the_head_tells_when_an_object_will_go(s3, bucket):
    put(s3, bucket, rule(Expiration={"Days": 10}, Filter={"Prefix": "days1/"}))
    answer = s3.put_object(Bucket=bucket, Key="days1/k", Body=b"1")
    assert 'rule-id="r"' in answer["Expiration"]
    assert 'expiry-date="' in answer["Expiration"]
    assert s3.head_object(Bucket=bucket, Key="days1/k")["Expiration"] == answer["Expiration"]
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="k", Body=b"1")


def test_a_copy_and_a_completion_tell_when_the_object_will_go(s3, bucket):
    put(s3, bucket, rule(Expiration={"Days": 10}, Filter={"Prefix": "days/"}))
    told = s3.put_object(Bucket=bucket, Key="days/k", Body=b"1")["Expiration"]
    source = {"Bucket": bucket, "Key": "days/k"}
    assert s3.copy_object(Bucket=bucket, Key="days/copy", CopySource=source)["Expiration"] == told
    assert "Expiration" not in s3.copy_object(Bucket=bucket, Key="other", CopySource=source)
    named = {"Bucket": bucket, "Key": "days/parts"}
    named["UploadId"] = s3.create_multipart_upload(**named)["UploadId"]
    part = {"PartNumber": 1, "ETag": s3.upload_part(**named, PartNumber=1, Body=b"1")["ETag"]}
    completed = s3.complete_multipart_upload(**named, MultipartUpload={"Parts": [part]})
    assert completed["Expiration"] == told


def test_an_upload_tells_when_it_will_be_aborted(s3, bucket):
    abort = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}}
    put(s3, bucket, rule(**abort, Filter={"Prefix": "short/"}))
    named = {"Bucket": bucket, "Key": "short/k"}
    upload = s3.create_multipart_upload(**named)
    assert upload["AbortRuleId"] == "r"
    days = upload["AbortDate"] - datetime.now(UTC)
    assert 3 <= days.total_seconds() / 86400 <= 4
    listed = s3.list_parts(**named, UploadId=upload["UploadId"])
    assert (listed["AbortDate"], listed["AbortRuleId"]) == (upload["AbortDate"], "r")
    assert "AbortDate" not in s3.create_multipart_upload(Bucket=bucket, Key="long")
