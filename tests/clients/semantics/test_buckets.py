"""CreateBucket, HeadBucket, DeleteBucket, ListBuckets, GetBucketLocation."""

from __future__ import annotations

import itertools

import pytest
from botocore.exceptions import ClientError

numbers = itertools.count()


@pytest.fixture
def name():
    return f"made-{next(numbers)}"


GOOD_NAMES = [
    "abc",
    "a" * 63,
    "a" * 60,
    "0begins-with-a-digit",
    "aaa.111",
    "a.b-c.d",
    "ends-with-a-digit-9",
    "1.2.3.four",
]
BAD_NAMES = [
    "a",
    "ab",
    "a" * 64,
    "a" * 300,
    "_begins",
    "-begins",
    ".begins",
    "ends-",
    "ends.",
    "two..dots",
    "UPPER",
    "under_score",
    "192.168.5.123",
    "spaced name",
    "xn--begins",
    "ends-s3alias",
    "sthree-begins",
    "ends--ol-s3",
    "amzn-s3-demo-begins",
]


@pytest.mark.parametrize("good", GOOD_NAMES)
def test_a_good_name(s3, good):
    answer = s3.create_bucket(Bucket=good)
    assert answer["Location"] == f"/{good}"
    assert s3.head_bucket(Bucket=good)["ResponseMetadata"]["HTTPStatusCode"] == 200
    s3.delete_bucket(Bucket=good)


@pytest.mark.parametrize("bad", BAD_NAMES)
def test_a_bad_name(send, bad):
    assert send("PUT", "/" + bad.replace(" ", "%20")).refusal == ("InvalidBucketName", 400)


def test_a_new_bucket_is_listed_with_its_time_and_owner(s3, name):
    s3.create_bucket(Bucket=name)
    answer = s3.list_buckets()
    found = [each for each in answer["Buckets"] if each["Name"] == name]
    assert len(found) == 1
    assert found[0]["CreationDate"] is not None
    assert answer["Owner"]["ID"]


def test_only_own_buckets_are_listed(s3, other, name):
    other.create_bucket(Bucket=name)
    assert name not in [each["Name"] for each in s3.list_buckets()["Buckets"]]


def test_buckets_are_listed_in_order_and_by_pages(s3):
    names = [f"paged-{letter}" for letter in "dbca"]
    for each in names:
        s3.create_bucket(Bucket=each)
    found, token = [], {}
    while True:
        page = s3.list_buckets(Prefix="paged-", MaxBuckets=3, **token)
        assert page["Prefix"] == "paged-"
        found += [each["Name"] for each in page["Buckets"]]
        if "ContinuationToken" not in page:
            break
        token = {"ContinuationToken": page["ContinuationToken"]}
    assert found == sorted(names)


@pytest.mark.parametrize("most", ["0", "-1", "10001", "many"])
def test_a_bad_limit_of_buckets(send, most):
    assert send("GET", f"/?max-buckets={most}").refusal == ("InvalidArgument", 400)


def test_buckets_of_a_region(s3, name):
    s3.create_bucket(Bucket=name)
    here = s3.list_buckets(BucketRegion="us-east-1")["Buckets"]
    assert [each["BucketRegion"] for each in here if each["Name"] == name] == ["us-east-1"]


def test_the_owner_may_create_a_bucket_again(s3, name):
    """In us-east-1 that answers 200 (CreateBucket, errors); elsewhere 409."""
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"kept")
    s3.create_bucket(Bucket=name)
    assert s3.get_object(Bucket=name, Key="k")["Body"].read() == b"kept"


def test_nobody_else_may(s3, other, name, refused):
    s3.create_bucket(Bucket=name)
    with refused("BucketAlreadyExists", 409):
        other.create_bucket(Bucket=name)


@pytest.mark.parametrize("ask", ["head_bucket", "delete_bucket", "list_objects", "list_objects_v2"])
def test_no_bucket(s3, name, ask):
    with pytest.raises(ClientError) as found:
        getattr(s3, ask)(Bucket=name)
    assert found.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert found.value.response["Error"]["Code"] in ("NoSuchBucket", "404")


@pytest.mark.parametrize(
    "query",
    [
        "acl",
        "cors",
        "encryption",
        "lifecycle",
        "location",
        "notification",
        "object-lock",
        "ownershipControls",
        "policy",
        "policyStatus",
        "publicAccessBlock",
        "tagging",
        "uploads",
        "versioning",
        "versions",
        "website",
        "logging",
    ],
)
def test_no_bucket_to_ask_about(send, name, query):
    assert send("GET", f"/{name}?{query}").refusal == ("NoSuchBucket", 404)


def test_a_bucket_is_deleted_once(s3, name, refused):
    s3.create_bucket(Bucket=name)
    assert s3.delete_bucket(Bucket=name)["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchBucket", 404):
        s3.delete_bucket(Bucket=name)


def test_a_full_bucket_stays(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=bucket)


def test_a_delete_marker_fills_a_bucket(s3, versioned, refused):
    s3.delete_object(Bucket=versioned, Key="k")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=versioned)


def test_unfinished_uploads_do_not_fill_a_bucket(s3, bucket):
    s3.create_multipart_upload(Bucket=bucket, Key="k")
    assert s3.delete_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_the_location_of_the_first_region_is_none(s3, bucket):
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None


def test_the_head_of_a_bucket_tells_its_region(s3, bucket):
    headers = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-bucket-region"] == "us-east-1"


def test_a_region_that_is_not_here(send, name):
    body = (
        b'<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<LocationConstraint>%s</LocationConstraint></CreateBucketConfiguration>"
    )
    assert send("PUT", f"/{name}", body % b"eu-nowhere-9").refusal == (
        "InvalidLocationConstraint",
        400,
    )
    assert send("PUT", f"/{name}", b"<CreateBucketConf").refusal == ("MalformedXML", 400)


def test_the_head_of_a_bucket_of_another(s3, other, bucket, refused):
    with refused("403", 403):
        other.head_bucket(Bucket=bucket)


@pytest.mark.parametrize(("code", "status"), [("AccessDenied", 403)])
def test_a_bucket_of_another_is_closed(other, bucket, refused, code, status):
    for ask in (other.list_objects, other.list_objects_v2, other.delete_bucket):
        with refused(code, status):
            ask(Bucket=bucket)
    with refused(code, status):
        other.put_object(Bucket=bucket, Key="k", Body=b"1")


def test_the_account_that_is_expected_to_own_a_bucket(s3, bucket, refused):
    with refused("AccessDenied", 403):
        s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner="000000000000")


def test_a_bucket_that_was_deleted_begins_anew(s3, name):
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_bucket(Bucket=name)
    s3.create_bucket(Bucket=name)
    assert "Status" not in s3.get_bucket_versioning(Bucket=name)
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=name)


def test_a_method_that_buckets_do_not_know(send, bucket):
    assert send("PATCH", f"/{bucket}").refusal == ("MethodNotAllowed", 405)


@pytest.mark.parametrize(
    ("query", "code", "status"),
    [
        ("cors", "NoSuchCORSConfiguration", 404),
        ("lifecycle", "NoSuchLifecycleConfiguration", 404),
        ("policy", "NoSuchBucketPolicy", 404),
        ("tagging", "NoSuchTagSet", 404),
        ("website", "NoSuchWebsiteConfiguration", 404),
        ("replication", "ReplicationConfigurationNotFoundError", 404),
        ("object-lock", "ObjectLockConfigurationNotFoundError", 404),
    ],
)
def test_what_a_new_bucket_lacks(send, bucket, query, code, status):
    assert send("GET", f"/{bucket}?{query}").refusal == (code, status)


@pytest.mark.parametrize("query", ["logging", "notification", "accelerate", "requestPayment"])
def test_what_a_new_bucket_has_empty(send, bucket, query):
    answer = send("GET", f"/{bucket}?{query}")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/xml"


@pytest.mark.parametrize("query", ["cors", "lifecycle", "policy", "tagging"])
def test_what_is_not_there_can_be_deleted(send, bucket, query):
    assert send("DELETE", f"/{bucket}?{query}").status == 204


def test_a_bucket_begins_with_tags(s3, name):
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": tags})
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == tags


def test_a_bucket_with_bad_tags_is_not_made(s3, name, refused):
    twice = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    with refused("InvalidTag", 400):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": twice})
    with refused("404", 404):
        s3.head_bucket(Bucket=name)


def test_everybody_is_told_where_a_bucket_is(send, bucket):
    """SDKs find the region of a bucket by a HeadBucket that need not be allowed."""
    answer = send("HEAD", f"/{bucket}", account=None)
    assert (answer.status, answer.headers["x-amz-bucket-region"]) == (403, "us-east-1")
    assert "x-amz-bucket-region" not in send("HEAD", "/never-there", account=None).headers
