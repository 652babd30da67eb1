from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

DATA = b"0123456789"
PAST = datetime(2001, 1, 1, tzinfo=UTC)
FUTURE = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def source(alice: Any, bucket: str) -> str:
    alice.put_object(
        Bucket=bucket,
        Key="src",
        Body=DATA,
        ContentType="text/x-src",
        CacheControl="no-store",
        Metadata={"colour": "blue"},
        Tagging="a=1",
        StorageClass="STANDARD_IA",
        WebsiteRedirectLocation="/elsewhere",
    )
    return f"{bucket}/src"


def tags(client: Any, bucket: str, key: str) -> dict[str, str]:
    found = client.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def test_a_copy_is_what_its_source_is(alice: Any, bucket: str, source: str) -> None:
    made = alice.copy_object(Bucket=bucket, Key="k", CopySource=source)["CopyObjectResult"]
    found = alice.get_object(Bucket=bucket, Key="k")
    assert found["Body"].read() == DATA
    assert found["ETag"] == made["ETag"]
    assert found["ContentType"] == "text/x-src"
    assert found["CacheControl"] == "no-store"
    assert found["Metadata"] == {"colour": "blue"}
    assert tags(alice, bucket, "k") == {"a": "1"}


def test_storage_class_and_redirect_are_not_copied(alice: Any, bucket: str, source: str) -> None:
    alice.copy_object(Bucket=bucket, Key="k", CopySource=source)
    found = alice.head_object(Bucket=bucket, Key="k")
    assert "StorageClass" not in found
    assert "WebsiteRedirectLocation" not in found


def test_replaced_metadata(alice: Any, bucket: str, source: str) -> None:
    alice.copy_object(
        Bucket=bucket,
        Key="k",
        CopySource=source,
        MetadataDirective="REPLACE",
        Metadata={"shape": "round"},
        ContentLanguage="de",
    )
    found = alice.head_object(Bucket=bucket, Key="k")
    assert found["Metadata"] == {"shape": "round"}
    assert found["ContentType"] == "binary/octet-stream"
    assert found["ContentLanguage"] == "de"
    assert "CacheControl" not in found
    assert tags(alice, bucket, "k") == {"a": "1"}


def test_metadata_of_the_request_count_only_when_they_replace(
    alice: Any, bucket: str, source: str
) -> None:
    alice.copy_object(Bucket=bucket, Key="k", CopySource=source, Metadata={"shape": "round"})
    assert alice.head_object(Bucket=bucket, Key="k")["Metadata"] == {"colour": "blue"}


def test_replaced_tags(alice: Any, bucket: str, source: str) -> None:
    alice.copy_object(
        Bucket=bucket, Key="k", CopySource=source, TaggingDirective="REPLACE", Tagging="b=2"
    )
    assert tags(alice, bucket, "k") == {"b": "2"}
    assert alice.head_object(Bucket=bucket, Key="k")["Metadata"] == {"colour": "blue"}


@pytest.mark.parametrize("header", ["x-amz-metadata-directive", "x-amz-tagging-directive"])
def test_a_directive_that_is_none(bucket: str, source: str, send: Any, header: str) -> None:
    answer = send("PUT", f"/{bucket}/k", headers={"x-amz-copy-source": source, header: "KEEP"})
    assert answer.status == 400
    assert b"<Code>InvalidArgument</Code>" in answer.body


# Onto itself


def test_onto_itself_needs_a_change(alice: Any, bucket: str, source: str, refused: Any) -> None:
    with refused("InvalidRequest", 400):
        alice.copy_object(Bucket=bucket, Key="src", CopySource=source)
    alice.copy_object(
        Bucket=bucket,
        Key="src",
        CopySource=source,
        MetadataDirective="REPLACE",
        Metadata={"a": "b"},
    )
    found = alice.get_object(Bucket=bucket, Key="src")
    assert (found["Metadata"], found["Body"].read()) == ({"a": "b"}, DATA)
    alice.copy_object(Bucket=bucket, Key="src", CopySource=source, StorageClass="STANDARD")


def test_an_old_version_onto_itself_restores_it(alice: Any, bucket: str) -> None:
    alice.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = alice.put_object(Bucket=bucket, Key="k", Body=b"old")["VersionId"]
    alice.put_object(Bucket=bucket, Key="k", Body=b"new")
    made = alice.copy_object(
        Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "k", "VersionId": old}
    )
    assert made["CopySourceVersionId"] == old
    assert made["VersionId"] not in (old, None)
    assert alice.get_object(Bucket=bucket, Key="k")["Body"].read() == b"old"


# Sources


@pytest.mark.parametrize(
    "text", ["", "/", "bucket", "bucket/", "/bucket/", "%zz/key", "b/k%ff", "b/k?versionId="]
)
def test_a_source_that_is_none(bucket: str, send: Any, text: str) -> None:
    answer = send("PUT", f"/{bucket}/k", headers={"x-amz-copy-source": text})
    assert answer.status == 400
    assert b"<Code>InvalidArgument</Code>" in answer.body


def test_a_source_that_is_not_there(alice: Any, bucket: str, source: str, refused: Any) -> None:
    with refused("NoSuchKey", 404):
        alice.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/nope")
    with refused("NoSuchBucket", 404):
        alice.copy_object(Bucket=bucket, Key="k", CopySource="no-such-bucket-here/k")
    with refused("NoSuchVersion", 404):
        alice.copy_object(Bucket=bucket, Key="k", CopySource=f"{source}?versionId=nope")


def test_a_delete_marker_is_no_source(alice: Any, bucket: str, source: str, refused: Any) -> None:
    alice.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    marker = alice.delete_object(Bucket=bucket, Key="src")["VersionId"]
    with refused("NoSuchKey", 404):
        alice.copy_object(Bucket=bucket, Key="k", CopySource=source)
    with refused("InvalidRequest", 400):
        alice.copy_object(Bucket=bucket, Key="k", CopySource=f"{source}?versionId={marker}")


def test_the_null_version(alice: Any, bucket: str, source: str) -> None:
    alice.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    alice.put_object(Bucket=bucket, Key="src", Body=b"new")
    made = alice.copy_object(Bucket=bucket, Key="k", CopySource=f"{source}?versionId=null")
    assert made["CopySourceVersionId"] == "null"
    assert alice.get_object(Bucket=bucket, Key="k")["Body"].read() == DATA


def test_a_source_of_another(alice: Any, bob: Any, bucket: str, source: str, refused: Any) -> None:
    bob.create_bucket(Bucket=f"{bucket}-bob")
    for key in ("src", "nope"):  # the same answer for both
        with refused("AccessDenied", 403):
            bob.copy_object(Bucket=f"{bucket}-bob", Key="k", CopySource=f"{bucket}/{key}")
    alice.put_object_acl(Bucket=bucket, Key="src", ACL="authenticated-read")
    bob.copy_object(Bucket=f"{bucket}-bob", Key="k", CopySource=source, TaggingDirective="REPLACE")
    assert bob.get_object(Bucket=f"{bucket}-bob", Key="k")["Body"].read() == DATA


def test_the_access_list_is_the_copys_own(alice: Any, bucket: str, source: str, send: Any) -> None:
    alice.put_object_acl(Bucket=bucket, Key="src", ACL="public-read")
    alice.copy_object(Bucket=bucket, Key="private", CopySource=source)
    alice.copy_object(Bucket=bucket, Key="public", CopySource=source, ACL="public-read")
    assert send("GET", f"/{bucket}/private", account=None).status == 403
    assert send("GET", f"/{bucket}/public", account=None).status == 200


# Conditions


@pytest.mark.parametrize(
    ("conditions", "good"),
    [
        ({"CopySourceIfMatch": "own"}, True),
        ({"CopySourceIfMatch": "*"}, True),
        ({"CopySourceIfMatch": "other"}, False),
        ({"CopySourceIfNoneMatch": "own"}, False),
        ({"CopySourceIfNoneMatch": "other"}, True),
        ({"CopySourceIfModifiedSince": PAST}, True),
        ({"CopySourceIfModifiedSince": FUTURE}, False),
        ({"CopySourceIfUnmodifiedSince": PAST}, False),
        ({"CopySourceIfUnmodifiedSince": FUTURE}, True),
        ({"CopySourceIfMatch": "own", "CopySourceIfUnmodifiedSince": PAST}, True),
        ({"CopySourceIfNoneMatch": "own", "CopySourceIfModifiedSince": PAST}, False),
        ({"CopySourceIfNoneMatch": "other", "CopySourceIfModifiedSince": FUTURE}, True),
        ({"CopySourceIfMatch": "own", "CopySourceIfNoneMatch": "own"}, False),
    ],
)
def test_conditions_on_the_source(
    alice: Any, bucket: str, source: str, refused: Any, conditions: dict[str, Any], good: bool
) -> None:
    tag = alice.head_object(Bucket=bucket, Key="src")["ETag"]
    asked = {name: tag if value == "own" else value for name, value in conditions.items()}
    if good:
        alice.copy_object(Bucket=bucket, Key="k", CopySource=source, **asked)
    else:
        with refused("PreconditionFailed", 412):
            alice.copy_object(Bucket=bucket, Key="k", CopySource=source, **asked)


def test_conditions_on_the_target(alice: Any, bucket: str, source: str, refused: Any) -> None:
    alice.copy_object(Bucket=bucket, Key="k", CopySource=source, IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        alice.copy_object(Bucket=bucket, Key="k", CopySource=source, IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        alice.copy_object(Bucket=bucket, Key="k", CopySource=source, IfMatch='"other"')
    tag = alice.head_object(Bucket=bucket, Key="k")["ETag"]
    alice.copy_object(Bucket=bucket, Key="k", CopySource=source, IfMatch=tag)


# Checksums


def sha256(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def test_the_checksum_goes_along(alice: Any, bucket: str) -> None:
    alice.put_object(Bucket=bucket, Key="src", Body=DATA, ChecksumAlgorithm="SHA256")
    made = alice.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/src")
    assert made["CopyObjectResult"]["ChecksumSHA256"] == sha256(DATA)


@pytest.mark.parametrize("size", [10, 300_000])
def test_another_checksum_can_be_asked_for(alice: Any, bucket: str, size: int) -> None:
    data = bytes(size)
    alice.put_object(Bucket=bucket, Key="src", Body=data, ChecksumAlgorithm="CRC32")
    for key, origin in (("k", "src"), ("again", "k")):
        made = alice.copy_object(
            Bucket=bucket, Key=key, CopySource=f"{bucket}/{origin}", ChecksumAlgorithm="SHA256"
        )["CopyObjectResult"]
        assert (made["ChecksumSHA256"], made["ChecksumType"]) == (sha256(data), "FULL_OBJECT")
        found = alice.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        assert found["ChecksumSHA256"] == sha256(data)
        assert found["Body"].read() == data


def test_of_an_object_that_came_in_parts(alice: Any, bucket: str) -> None:
    id = alice.create_multipart_upload(Bucket=bucket, Key="src", ChecksumAlgorithm="SHA256")
    place = {"Bucket": bucket, "Key": "src", "UploadId": id["UploadId"]}
    part = alice.upload_part(**place, PartNumber=1, Body=DATA, ChecksumAlgorithm="SHA256")
    named = {"PartNumber": 1, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}
    alice.complete_multipart_upload(**place, MultipartUpload={"Parts": [named]})
    made = alice.copy_object(
        Bucket=bucket, Key="k", CopySource=f"{bucket}/src", ChecksumAlgorithm="SHA256"
    )["CopyObjectResult"]
    assert (made["ChecksumSHA256"], made["ChecksumType"]) == (sha256(DATA), "FULL_OBJECT")
    found = alice.get_object(Bucket=bucket, Key="k", PartNumber=1)
    assert "PartsCount" not in found


def test_others_may_not(bob: Any, bucket: str, source: str, refused: Any) -> None:
    bob.create_bucket(Bucket=f"{bucket}-bob")
    bob.put_object(Bucket=f"{bucket}-bob", Key="own", Body=b"x")
    with refused("AccessDenied", 403):
        bob.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}-bob/own")
