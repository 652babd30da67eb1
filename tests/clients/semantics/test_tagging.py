"""Tags of buckets and objects."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


def tags(**named):
    return {"TagSet": [{"Key": key, "Value": value} for key, value in named.items()]}


@pytest.fixture
def object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    return {"Bucket": bucket, "Key": "k"}


def test_tags_of_a_bucket(s3, bucket, refused):
    answer = s3.put_bucket_tagging(Bucket=bucket, Tagging=tags(a="b", c=""))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] in (200, 204)
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags(a="b", c="")["TagSet"]
    assert s3.delete_bucket_tagging(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchTagSet", 404):
        s3.get_bucket_tagging(Bucket=bucket)


def test_tags_of_an_object(s3, object):
    assert s3.get_object_tagging(**object)["TagSet"] == []
    s3.put_object_tagging(**object, Tagging=tags(a="b", c=""))
    assert s3.get_object_tagging(**object)["TagSet"] == tags(a="b", c="")["TagSet"]
    assert s3.head_object(**object)["TagCount"] == 2
    assert s3.get_object(**object)["TagCount"] == 2
    s3.put_object_tagging(**object, Tagging=tags(d="e"))
    assert s3.get_object_tagging(**object)["TagSet"] == tags(d="e")["TagSet"]
    assert s3.delete_object_tagging(**object)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_object_tagging(**object)["TagSet"] == []
    assert "TagCount" not in s3.head_object(**object)


def test_tags_by_header(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", Tagging="foo=bar&bar&x%20y=%C3%BC")
    found = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert {each["Key"]: each["Value"] for each in found} == {"foo": "bar", "bar": "", "x y": "ü"}


def test_a_put_forgets_tags(s3, object):
    s3.put_object_tagging(**object, Tagging=tags(a="b"))
    s3.put_object(**object, Body=b"2")
    assert s3.get_object_tagging(**object)["TagSet"] == []


MOST = {str(number): "v" for number in range(10)}
GOOD = [MOST, {"k" * 128: "v" * 256}, {"a+-=._:/@ b": "c+-=._:/@ d"}, {"ключ": "значение"}]
BAD = [
    MOST | {"one more": "v"},
    {"k" * 129: "v"},
    {"k": "v" * 257},
    {"": "v"},
    {"aws:k": "v"},
    {"k": "<>"},
    {"k!": "v"},
]


@pytest.mark.parametrize("named", GOOD)
def test_tags_within_the_limits(s3, object, named):
    s3.put_object_tagging(**object, Tagging=tags(**named))
    found = s3.get_object_tagging(**object)["TagSet"]
    assert {each["Key"]: each["Value"] for each in found} == named


@pytest.mark.parametrize("named", BAD)
def test_tags_beyond_the_limits(s3, object, named):
    with pytest.raises(ClientError) as found:
        s3.put_object_tagging(**object, Tagging=tags(**named))
    assert found.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert found.value.response["Error"]["Code"] in ("InvalidTag", "BadRequest")
    assert s3.get_object_tagging(**object)["TagSet"] == []


def test_a_name_twice(s3, bucket, object, refused):
    twice = {"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}
    with refused("InvalidTag", 400):
        s3.put_object_tagging(**object, Tagging=twice)
    with refused("InvalidTag", 400):
        s3.put_bucket_tagging(Bucket=bucket, Tagging=twice)


def test_tags_that_are_none(send, object):
    for body in (b"<Tagging>", b"<Other/>", b"<Tagging/>"):
        answer = send("PUT", f"/{object['Bucket']}/k?tagging", body)
        assert answer.refusal == ("MalformedXML", 400)


def test_tags_of_nothing(s3, bucket, refused):
    with refused("NoSuchKey", 404):
        s3.get_object_tagging(Bucket=bucket, Key="absent")
    with refused("NoSuchKey", 404):
        s3.put_object_tagging(Bucket=bucket, Key="absent", Tagging=tags(a="b"))


def test_tags_of_another(s3, other, object, refused):
    s3.put_object_acl(**object, ACL="public-read")
    other.get_object(**object)
    with refused("AccessDenied", 403):
        other.get_object_tagging(**object)
    with refused("AccessDenied", 403):
        other.put_object_tagging(**object, Tagging=tags(a="b"))
