"""Conditional requests: reads, writes, deletes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

BEFORE = datetime.now(UTC) - timedelta(days=1)
AFTER = datetime.now(UTC) + timedelta(days=1)
ETAG = "{etag}"
OTHER = '"ffffffffffffffffffffffffffffffff"'


@pytest.fixture
def object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"content")
    return {"Bucket": bucket, "Key": "k"}


READS = [
    ({"IfMatch": ETAG}, 200),
    ({"IfMatch": "*"}, 200),
    ({"IfMatch": OTHER}, 412),
    ({"IfMatch": f"{OTHER}, {ETAG}"}, 200),
    ({"IfNoneMatch": ETAG}, 304),
    ({"IfNoneMatch": "*"}, 304),
    ({"IfNoneMatch": OTHER}, 200),
    ({"IfModifiedSince": BEFORE}, 200),
    ({"IfModifiedSince": "{modified}"}, 304),
    ({"IfUnmodifiedSince": BEFORE}, 412),
    ({"IfUnmodifiedSince": AFTER}, 200),
    ({"IfUnmodifiedSince": "{modified}"}, 200),
    ({"IfMatch": ETAG, "IfUnmodifiedSince": BEFORE}, 200),
    ({"IfMatch": OTHER, "IfUnmodifiedSince": AFTER}, 412),
    ({"IfNoneMatch": ETAG, "IfModifiedSince": BEFORE}, 304),
    ({"IfNoneMatch": OTHER, "IfModifiedSince": AFTER}, 200),
    ({"IfMatch": OTHER, "IfNoneMatch": ETAG}, 412),
    ({"IfMatch": ETAG, "IfNoneMatch": ETAG}, 304),
]


@pytest.mark.parametrize(("conditions", "status"), READS)
@pytest.mark.parametrize("ask", ["get_object", "head_object"])
def test_reads(s3, object, ask, conditions, status):
    head = s3.head_object(**object)
    wishes = {}
    for name, value in conditions.items():
        if isinstance(value, str):
            value = value.replace(ETAG, head["ETag"])
            value = head["LastModified"] if value == "{modified}" else value
        wishes[name] = value
    try:
        found = getattr(s3, ask)(**object, **wishes)["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as error:
        found = error.response["ResponseMetadata"]["HTTPStatusCode"]
        code = error.response["Error"]["Code"]
        assert code in (str(found), "PreconditionFailed" if found == 412 else "NotModified")
    assert found == status


def test_what_was_not_modified_is_still_described(send, s3, object):
    etag = s3.head_object(**object)["ETag"]
    answer = send("GET", f"/{object['Bucket']}/k", headers={"If-None-Match": etag})
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == etag
    assert "last-modified" in answer.headers


def test_an_entity_tag_without_quotes(send, s3, object):
    etag = s3.head_object(**object)["ETag"].strip('"')
    path = f"/{object['Bucket']}/k"
    assert send("GET", path, headers={"If-None-Match": etag}).status == 304
    assert send("GET", path, headers={"If-Match": etag}).status == 200


def test_dates_that_are_none_are_passed_over(send, object):
    path = f"/{object['Bucket']}/k"
    for name in ("If-Modified-Since", "If-Unmodified-Since"):
        assert send("GET", path, headers={name: "yesterday"}).status == 200


def test_a_range_of_the_same(send, s3, object):
    """If-Range (RFC 9110, 13.1.5): the whole when it is another one by now."""
    etag = s3.head_object(**object)["ETag"]
    path = f"/{object['Bucket']}/k"
    same = send("GET", path, headers={"Range": "bytes=0-1", "If-Range": etag})
    assert (same.status, same.body) == (206, b"co")
    other = send("GET", path, headers={"Range": "bytes=0-1", "If-Range": OTHER})
    assert (other.status, other.body) == (200, b"content")


def test_only_if_it_is_new(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    s3.delete_object(Bucket=bucket, Key="k")
    s3.put_object(Bucket=bucket, Key="k", Body=b"3", IfNoneMatch="*")


def test_only_if_it_is_new_among_versions(s3, versioned, refused):
    s3.put_object(Bucket=versioned, Key="k", Body=b"1", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=versioned, Key="k", Body=b"2", IfNoneMatch="*")
    s3.delete_object(Bucket=versioned, Key="k")
    s3.put_object(Bucket=versioned, Key="k", Body=b"3", IfNoneMatch="*")


def test_only_if_it_is_the_same(s3, object, refused):
    etag = s3.head_object(**object)["ETag"]
    s3.put_object(**object, Body=b"2", IfMatch=etag)
    with refused("PreconditionFailed", 412):
        s3.put_object(**object, Body=b"3", IfMatch=etag)
    assert s3.get_object(**object)["Body"].read() == b"2"


def test_only_if_it_is_the_same_and_it_is_not_there(s3, bucket, versioned, refused):
    """404, not 412 ("How to prevent object overwrites with conditional writes")."""
    with refused("NoSuchKey", 404):
        s3.put_object(Bucket=bucket, Key="absent", Body=b"1", IfMatch=OTHER)
    s3.delete_object(Bucket=versioned, Key="k")
    with refused("NoSuchKey", 404):
        s3.put_object(Bucket=versioned, Key="k", Body=b"1", IfMatch=OTHER)


def test_a_write_unless_it_is_a_certain_one(s3, object, refused):
    with refused("NotImplemented", 501):
        s3.put_object(**object, Body=b"2", IfNoneMatch=OTHER)


def test_deletes(s3, object, refused):
    etag = s3.head_object(**object)["ETag"]
    with refused("PreconditionFailed", 412):
        s3.delete_object(**object, IfMatch=OTHER)
    s3.get_object(**object)
    s3.delete_object(**object, IfMatch=etag)
    with refused("NoSuchKey", 404):
        s3.get_object(**object)


def test_a_delete_of_whatever_is_there(s3, object):
    assert s3.delete_object(**object, IfMatch="*")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_deletes_of_many(s3, bucket):
    etags = {key: s3.put_object(Bucket=bucket, Key=key, Body=b"1")["ETag"] for key in "ab"}
    objects = [{"Key": "a", "ETag": etags["a"]}, {"Key": "b", "ETag": OTHER}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [each["Key"] for each in answer["Deleted"]] == ["a"]
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("b", "PreconditionFailed")]


def test_what_was_not_modified_has_no_type(send, s3, object):
    """A cache would take it for that of what it holds (RFC 9110, 15.4.5)."""
    path = "/{Bucket}/{Key}".format(**object)
    answer = send("GET", path, headers={"If-None-Match": s3.head_object(**object)["ETag"]})
    assert answer.status == 304
    assert "content-type" not in answer.headers


@pytest.fixture
def writer(s3, other, object):
    """A client that may write and delete in the bucket, and not read."""
    name = object["Bucket"]
    _allow(s3, name, "s3:PutObject", "s3:DeleteObject")
    return other


def _allow(s3, name, *actions, denied=()):
    allowed = {"Effect": "Allow", "Principal": "*", "Action": actions}
    statements = [each | {"Resource": f"arn:aws:s3:::{name}/*"} for each in (allowed, *denied)]
    policy = {"Version": "2012-10-17", "Statement": statements}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))


def test_who_may_not_read_may_not_compare(s3, writer, second, object, refused):
    """User Guide, "How to perform conditional deletes": an entity tag wants s3:GetObject."""
    s3.put_object(Bucket=second, Key="own", Body=b"2", ACL="public-read")
    own = {"Bucket": second, "Key": "own"}
    etag = s3.head_object(**object)["ETag"]
    for tag in (etag, OTHER):
        with refused("AccessDenied", 403):
            writer.put_object(**object, Body=b"2", IfMatch=tag)
        with refused("AccessDenied", 403):
            writer.delete_object(**object, IfMatch=tag)
        with refused("AccessDenied", 403):
            writer.copy_object(**object, CopySource=own, IfMatch=tag)
        wish = {"Objects": [{"Key": object["Key"], "ETag": tag}]}
        errors = writer.delete_objects(Bucket=object["Bucket"], Delete=wish)["Errors"]
        assert [each["Code"] for each in errors] == ["AccessDenied"]
    assert s3.head_object(**object)["ETag"] == etag


def test_who_may_not_read_may_not_compare_what_parts_replace(s3, writer, object, refused):
    named = object | {"UploadId": writer.create_multipart_upload(**object)["UploadId"]}
    part = {"PartNumber": 1, "ETag": writer.upload_part(**named, PartNumber=1, Body=b"2")["ETag"]}
    with refused("AccessDenied", 403):
        writer.complete_multipart_upload(**named, MultipartUpload={"Parts": [part]}, IfMatch=OTHER)


def test_who_may_not_read_may_demand_that_there_is_something(s3, writer, object):
    writer.put_object(**object, Body=b"2", IfMatch="*")
    writer.delete_object(**object, IfMatch="*")
    writer.put_object(**object, Body=b"3", IfNoneMatch="*")


def test_who_may_read_may_compare(s3, other, object):
    _allow(s3, object["Bucket"], "s3:PutObject", "s3:GetObject")
    other.put_object(**object, Body=b"2", IfMatch=s3.head_object(**object)["ETag"])


def test_a_policy_that_wants_conditions_of_deletes(s3, other, object):
    """User Guide, "Enforce conditional deletes on Amazon S3 buckets": an ETag counts, too."""
    unconditional = {"Action": "s3:DeleteObject", "Condition": {"Null": {"s3:if-match": "true"}}}
    denied = [{"Effect": "Deny", "Principal": "*", **unconditional}]
    _allow(s3, object["Bucket"], "s3:DeleteObject", "s3:GetObject", denied=denied)
    etag = s3.head_object(**object)["ETag"]
    for wish, outcome in (({}, "Errors"), ({"ETag": etag}, "Deleted")):
        objects = [{"Key": object["Key"], **wish}]
        answer = other.delete_objects(Bucket=object["Bucket"], Delete={"Objects": objects})
        assert [each["Key"] for each in answer[outcome]] == [object["Key"]]
