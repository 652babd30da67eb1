from __future__ import annotations

from typing import Any

import pytest


def test_the_object_has_what_was_said_at_the_start(alice: Any, bucket: str) -> None:
    upload = alice.create_multipart_upload(
        Bucket=bucket,
        Key="k",
        ContentType="text/x-thing",
        CacheControl="no-store",
        Metadata={"colour": "blue"},
        Tagging="a=1&b=2",
        StorageClass="STANDARD_IA",
    )
    part = alice.upload_part(
        Bucket=bucket, Key="k", UploadId=upload["UploadId"], PartNumber=1, Body=b"abc"
    )
    alice.complete_multipart_upload(
        Bucket=bucket,
        Key="k",
        UploadId=upload["UploadId"],
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    found = alice.head_object(Bucket=bucket, Key="k")
    assert found["ContentType"] == "text/x-thing"
    assert found["CacheControl"] == "no-store"
    assert found["Metadata"] == {"colour": "blue"}
    assert found["StorageClass"] == "STANDARD_IA"
    assert {tag["Key"]: tag["Value"] for tag in _tags(alice, bucket)} == {"a": "1", "b": "2"}


def _tags(alice: Any, bucket: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = alice.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    return found


@pytest.mark.parametrize(
    ("algorithm", "asked", "given"),
    [
        ("CRC32", None, "COMPOSITE"),
        ("CRC32", "FULL_OBJECT", "FULL_OBJECT"),
        ("CRC32C", None, "COMPOSITE"),
        ("CRC64NVME", None, "FULL_OBJECT"),
        ("SHA1", None, "COMPOSITE"),
        ("SHA256", "COMPOSITE", "COMPOSITE"),
    ],
)
def test_a_checksum_that_is_asked_for_is_promised(
    alice: Any, bucket: str, algorithm: str, asked: str | None, given: str
) -> None:
    kind = {} if asked is None else {"ChecksumType": asked}
    upload = alice.create_multipart_upload(
        Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, **kind
    )
    assert (upload["ChecksumAlgorithm"], upload["ChecksumType"]) == (algorithm, given)


def test_nothing_is_promised_of_a_default(alice: Any, bucket: str) -> None:
    upload = alice.create_multipart_upload(Bucket=bucket, Key="k")
    assert "ChecksumAlgorithm" not in upload
    assert "ChecksumType" not in upload


@pytest.mark.parametrize(
    ("algorithm", "kind"), [("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")]
)
def test_a_checksum_of_the_wrong_type_is_refused(
    alice: Any, bucket: str, refused: Any, algorithm: str, kind: str
) -> None:
    with refused("InvalidRequest", 400):
        alice.create_multipart_upload(
            Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType=kind
        )
    assert "Uploads" not in alice.list_multipart_uploads(Bucket=bucket)


def test_a_type_without_an_algorithm_is_refused(bucket: str, send: Any) -> None:
    answer = send("POST", f"/{bucket}/k?uploads", headers={"x-amz-checksum-type": "COMPOSITE"})
    assert answer.status == 400
    assert b"<Code>InvalidRequest</Code>" in answer.body


def test_others_may_not(bob: Any, bucket: str, refused: Any) -> None:
    with refused("AccessDenied", 403):
        bob.create_multipart_upload(Bucket=bucket, Key="k")


def test_locks_are_those_of_the_start(alice: Any, locked: str, refused: Any) -> None:
    upload = alice.create_multipart_upload(Bucket=locked, Key="k", ObjectLockLegalHoldStatus="ON")[
        "UploadId"
    ]
    part = alice.upload_part(Bucket=locked, Key="k", UploadId=upload, PartNumber=1, Body=b"a")
    done = alice.complete_multipart_upload(
        Bucket=locked,
        Key="k",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    assert alice.head_object(Bucket=locked, Key="k")["ObjectLockLegalHoldStatus"] == "ON"
    with refused("AccessDenied", 403):
        alice.delete_object(Bucket=locked, Key="k", VersionId=done["VersionId"])
