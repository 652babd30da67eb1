"""CopyObject."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest


@pytest.fixture
def source(s3, bucket):
    s3.put_object(
        Bucket=bucket,
        Key="src",
        Body=b"content",
        ContentType="text/x",
        CacheControl="no-cache",
        Metadata={"a": "b"},
        Tagging="t=1",
    )
    return {"Bucket": bucket, "Key": "src"}


def copy(s3, source, key="dst", **options):
    bucket = options.pop("Bucket", source["Bucket"])
    return s3.copy_object(Bucket=bucket, Key=key, CopySource=source, **options)


def test_a_copy_takes_everything_along(s3, source):
    answer = copy(s3, source)["CopyObjectResult"]
    got = s3.get_object(Bucket=source["Bucket"], Key="dst")
    assert got["Body"].read() == b"content"
    assert (got["ContentType"], got["CacheControl"]) == ("text/x", "no-cache")
    assert got["Metadata"] == {"a": "b"}
    assert answer["ETag"] == got["ETag"]
    assert answer["LastModified"] == got["LastModified"]
    tags = s3.get_object_tagging(Bucket=source["Bucket"], Key="dst")["TagSet"]
    assert tags == [{"Key": "t", "Value": "1"}]


def test_a_copy_with_metadata_of_its_own(s3, source):
    copy(s3, source, MetadataDirective="REPLACE", Metadata={"c": "d"}, ContentType="text/y")
    head = s3.head_object(Bucket=source["Bucket"], Key="dst")
    assert (head["Metadata"], head["ContentType"]) == ({"c": "d"}, "text/y")
    assert "CacheControl" not in head


def test_metadata_without_the_directive_is_not_looked_at(s3, source):
    copy(s3, source, Metadata={"c": "d"})
    assert s3.head_object(Bucket=source["Bucket"], Key="dst")["Metadata"] == {"a": "b"}


def test_a_copy_with_tags_of_its_own(s3, source):
    copy(s3, source, TaggingDirective="REPLACE", Tagging="u=2")
    tags = s3.get_object_tagging(Bucket=source["Bucket"], Key="dst")["TagSet"]
    assert tags == [{"Key": "u", "Value": "2"}]


@pytest.mark.parametrize("name", ["MetadataDirective", "TaggingDirective"])
def test_directives_that_are_none(s3, source, refused, name):
    with refused("InvalidArgument", 400):
        copy(s3, source, **{name: "KEEP"})


def test_onto_itself(s3, source, refused):
    with refused("InvalidRequest", 400):
        copy(s3, source, "src")


@pytest.mark.parametrize(
    "change",
    [
        {"MetadataDirective": "REPLACE", "Metadata": {"new": "1"}},
        {"StorageClass": "STANDARD_IA"},
        {"ServerSideEncryption": "AES256"},
    ],
)
def test_onto_itself_with_a_change(s3, source, change):
    copy(s3, source, "src", **change)
    got = s3.get_object(Bucket=source["Bucket"], Key="src")
    assert got["Body"].read() == b"content"


def test_to_another_bucket(s3, source, second):
    copy(s3, source, Bucket=second)
    assert s3.get_object(Bucket=second, Key="dst")["Body"].read() == b"content"


def test_nothing_to_copy(s3, bucket, refused):
    with refused("NoSuchKey", 404):
        copy(s3, {"Bucket": bucket, "Key": "absent"})
    with refused("NoSuchBucket", 404):
        copy(s3, {"Bucket": "no-such-bucket", "Key": "k"}, Bucket=bucket)


def test_no_bucket_to_copy_to(s3, source, refused):
    with refused("NoSuchBucket", 404):
        copy(s3, source, Bucket="no-such-bucket")


@pytest.mark.parametrize("header", ["", "bucket", "/", "bucket/"])
def test_sources_that_are_none(send, bucket, header):
    headers = {"x-amz-copy-source": header}
    answer = send("PUT", f"/{bucket}/k", headers=headers)
    assert answer.refusal == ("InvalidArgument", 400)


@pytest.mark.parametrize("lead", ["", "/"])
@pytest.mark.parametrize("key", ["a b", "a+b", "ä", "%41", "?x", "a/b//c", "a&b=c"])
def test_odd_sources(s3, send, bucket, lead, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    headers = {"x-amz-copy-source": f"{lead}{bucket}/{quote(key)}"}
    assert send("PUT", f"/{bucket}/dst", headers=headers).status == 200
    assert s3.get_object(Bucket=bucket, Key="dst")["Body"].read() == key.encode()


def test_a_version_is_copied(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="src", Body=b"1")["VersionId"]
    s3.put_object(Bucket=versioned, Key="src", Body=b"2")
    source = {"Bucket": versioned, "Key": "src", "VersionId": first}
    answer = copy(s3, source)
    assert answer["CopySourceVersionId"] == first
    assert s3.get_object(Bucket=versioned, Key="dst")["Body"].read() == b"1"
    assert answer["VersionId"] == s3.head_object(Bucket=versioned, Key="dst")["VersionId"]


def test_an_older_version_onto_itself(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"2")
    copy(s3, {"Bucket": versioned, "Key": "k", "VersionId": first}, "k")
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"1"


def test_a_marker_cannot_be_copied(s3, versioned, refused):
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    with refused("NoSuchKey", 404):
        copy(s3, {"Bucket": versioned, "Key": "k"})
    with refused("InvalidRequest", 400):
        copy(s3, {"Bucket": versioned, "Key": "k", "VersionId": marker})


def test_a_version_that_is_gone(s3, versioned, refused):
    id = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=id)
    with refused("NoSuchVersion", 404):
        copy(s3, {"Bucket": versioned, "Key": "k", "VersionId": id})


def test_the_source_of_another(s3, other, source, refused):
    other.create_bucket(Bucket=f"of-{source['Bucket']}")
    with refused("AccessDenied", 403):
        copy(other, source, Bucket=f"of-{source['Bucket']}")
    s3.put_object_acl(**source, ACL="public-read")
    copy(other, source, Bucket=f"of-{source['Bucket']}", TaggingDirective="REPLACE")
    with refused("AccessDenied", 403):
        copy(other, source, TaggingDirective="REPLACE")


def test_a_copy_s_acl_is_its_own(s3, anonymous, source, refused):
    s3.put_object_acl(**source, ACL="public-read")
    copy(s3, source)
    with refused("AccessDenied", 403):
        anonymous.get_object(Bucket=source["Bucket"], Key="dst")
    copy(s3, source, ACL="public-read")
    assert anonymous.get_object(Bucket=source["Bucket"], Key="dst")["Body"].read() == b"content"


LONG_AGO = datetime.now(UTC) - timedelta(days=1)
SOON = datetime.now(UTC) + timedelta(days=1)


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({"CopySourceIfMatch": "{etag}"}, True),
        ({"CopySourceIfMatch": '"other"'}, False),
        ({"CopySourceIfNoneMatch": '"other"'}, True),
        ({"CopySourceIfNoneMatch": "{etag}"}, False),
        ({"CopySourceIfModifiedSince": LONG_AGO}, True),
        ({"CopySourceIfUnmodifiedSince": SOON}, True),
        ({"CopySourceIfUnmodifiedSince": LONG_AGO}, False),
        ({"CopySourceIfMatch": "{etag}", "CopySourceIfUnmodifiedSince": LONG_AGO}, True),
        ({"CopySourceIfNoneMatch": "{etag}", "CopySourceIfModifiedSince": LONG_AGO}, False),
    ],
)
def test_conditions_on_the_source(s3, source, refused, conditions, holds):
    etag = s3.head_object(**source)["ETag"]
    wishes = {k: etag if v == "{etag}" else v for k, v in conditions.items()}
    if holds:
        copy(s3, source, **wishes)
    else:
        with refused("PreconditionFailed", 412):
            copy(s3, source, **wishes)


def test_conditions_on_the_destination(s3, source, refused):
    copy(s3, source, IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        copy(s3, source, IfNoneMatch="*")


def test_a_checksum_is_kept_and_can_be_changed(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="src", Body=b"content", ChecksumAlgorithm="SHA256")
    source = {"Bucket": bucket, "Key": "src"}
    found = copy(s3, source)["CopyObjectResult"]
    assert found["ChecksumSHA256"] == put["ChecksumSHA256"]
    found = copy(s3, source, ChecksumAlgorithm="CRC32C")["CopyObjectResult"]
    assert found["ChecksumCRC32C"]
    head = s3.head_object(Bucket=bucket, Key="dst", ChecksumMode="ENABLED")
    assert head["ChecksumCRC32C"] == found["ChecksumCRC32C"]


def test_a_multipart_object_is_copied_whole(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="src")["UploadId"]
    named = {"Bucket": bucket, "Key": "src", "UploadId": upload}
    etag = s3.upload_part(**named, PartNumber=1, Body=b"content")["ETag"]
    s3.complete_multipart_upload(
        **named, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
    )
    copy(s3, {"Bucket": bucket, "Key": "src"})
    got = s3.get_object(Bucket=bucket, Key="dst")
    assert got["Body"].read() == b"content"
    assert "PartsCount" not in s3.head_object(Bucket=bucket, Key="dst", PartNumber=1)


def test_the_account_that_is_expected_to_own_the_source(server, s3, source, refused):
    named = {"Bucket": source["Bucket"], "Key": "parts"}
    named["UploadId"] = s3.create_multipart_upload(**named)["UploadId"]
    own, wrong = server.state.account_of("alice"), server.state.account_of("bob")
    with refused("AccessDenied", 403):
        copy(s3, source, ExpectedSourceBucketOwner=wrong)
    with refused("AccessDenied", 403):
        s3.upload_part_copy(
            **named, PartNumber=1, CopySource=source, ExpectedSourceBucketOwner=wrong
        )
    copy(s3, source, ExpectedSourceBucketOwner=own)
    s3.upload_part_copy(**named, PartNumber=1, CopySource=source, ExpectedSourceBucketOwner=own)


def test_tags_are_copied_for_those_who_may_read_them(s3, other, source, second, refused):
    """The source is public and its tags are not: they stay behind, or all of it does."""
    s3.put_bucket_acl(Bucket=second, ACL="public-read-write")
    s3.put_object_acl(**source, ACL="public-read")
    with refused("AccessDenied", 403):
        copy(other, source, Bucket=second)
    copy(other, source, Bucket=second, TaggingDirective="REPLACE", Tagging="")
    copy(s3, source, Bucket=second)
    assert s3.get_object_tagging(Bucket=second, Key="dst")["TagSet"] == [{"Key": "t", "Value": "1"}]
