from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest


@pytest.fixture
def upload(alice: Any, bucket: str) -> str:
    return str(alice.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"])


def b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def test_the_entity_tag_is_the_md5(alice: Any, bucket: str, upload: str) -> None:
    part = alice.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"abc")
    assert part["ETag"] == f'"{hashlib.md5(b"abc").hexdigest()}"'


@pytest.mark.parametrize("number", ["0", "10001", "-1", "one", "", "1.5", "99999999999999999999"])
def test_a_number_outside_1_to_10000_is_refused(
    bucket: str, upload: str, send: Any, number: str
) -> None:
    path = f"/{bucket}/k?partNumber={number}&uploadId={upload}"
    answer = send("PUT", path, body=b"abc")
    assert answer.status == 400
    assert b"<Code>InvalidArgument</Code>" in answer.body


@pytest.mark.parametrize("query", ["uploadId={}", "partNumber=1"])
def test_half_of_a_name_stores_nothing(
    alice: Any, bucket: str, upload: str, send: Any, refused: Any, query: str
) -> None:
    answer = send("PUT", f"/{bucket}/k?{query.format(upload)}", body=b"abc")
    assert answer.status in (400, 405)
    with refused("404", 404):
        alice.head_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize("id", ["nope", "0" * 32, "..%2f..", "%00"])
def test_an_upload_that_is_not_there(bucket: str, send: Any, id: str) -> None:
    answer = send("PUT", f"/{bucket}/k?partNumber=1&uploadId={id}", body=b"abc")
    assert answer.status == 404
    assert b"<Code>NoSuchUpload</Code>" in answer.body


def test_an_upload_belongs_to_its_key(alice: Any, bucket: str, upload: str, refused: Any) -> None:
    with refused("NoSuchUpload", 404):
        alice.upload_part(Bucket=bucket, Key="other", UploadId=upload, PartNumber=1, Body=b"a")


def test_a_part_that_is_sent_again_replaces_the_first(alice: Any, bucket: str, upload: str) -> None:
    for body in (b"first", b"second!"):
        alice.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=7, Body=body)
    (part,) = alice.list_parts(Bucket=bucket, Key="k", UploadId=upload)["Parts"]
    assert (part["PartNumber"], part["Size"]) == (7, 7)


def test_a_content_md5_that_differs_stores_nothing(
    alice: Any, bucket: str, upload: str, send: Any
) -> None:
    answer = send(
        "PUT",
        f"/{bucket}/k?partNumber=1&uploadId={upload}",
        body=b"abc",
        headers={"Content-MD5": b64(hashlib.md5(b"other").digest())},
    )
    assert answer.status == 400
    assert b"<Code>BadDigest</Code>" in answer.body
    assert "Parts" not in alice.list_parts(Bucket=bucket, Key="k", UploadId=upload)


@pytest.mark.parametrize("size", [3, 200_000])
def test_a_checksum_that_differs_stores_nothing(
    alice: Any, bucket: str, upload: str, refused: Any, size: int
) -> None:
    with refused("BadDigest", 400):
        alice.upload_part(
            Bucket=bucket,
            Key="k",
            UploadId=upload,
            PartNumber=1,
            Body=b"x" * size,
            ChecksumSHA256=b64(hashlib.sha256(b"other").digest()),
        )
    assert "Parts" not in alice.list_parts(Bucket=bucket, Key="k", UploadId=upload)


def test_the_checksum_asked_for_comes_back(alice: Any, bucket: str) -> None:
    id = alice.create_multipart_upload(Bucket=bucket, Key="s", ChecksumAlgorithm="SHA256")
    part = alice.upload_part(
        Bucket=bucket,
        Key="s",
        UploadId=id["UploadId"],
        PartNumber=1,
        Body=b"abc",
        ChecksumAlgorithm="SHA256",
    )
    assert part["ChecksumSHA256"] == b64(hashlib.sha256(b"abc").digest())


def test_a_part_with_another_checksum_than_its_upload_is_refused(
    alice: Any, bucket: str, refused: Any
) -> None:
    id = alice.create_multipart_upload(Bucket=bucket, Key="s", ChecksumAlgorithm="SHA256")
    with refused("InvalidRequest", 400) as refusal:
        alice.upload_part(
            Bucket=bucket,
            Key="s",
            UploadId=id["UploadId"],
            PartNumber=1,
            Body=b"abc",
            ChecksumAlgorithm="CRC32",
        )
    assert "expected checksum Type: sha256" in refusal.error["Message"]


@pytest.mark.parametrize(("kind", "status"), [("COMPOSITE", 400), ("FULL_OBJECT", 200)])
def test_a_part_without_a_checksum_will_do_for_a_full_object_one(
    alice: Any, bucket: str, send: Any, kind: str, status: int
) -> None:
    id = alice.create_multipart_upload(
        Bucket=bucket, Key="s", ChecksumAlgorithm="CRC32C", ChecksumType=kind
    )["UploadId"]
    answer = send("PUT", f"/{bucket}/s?partNumber=1&uploadId={id}", body=b"abc")
    assert answer.status == status
    assert ("x-amz-checksum-crc32c" in answer.headers) is (status == 200)


def test_a_part_beyond_5_gib_is_refused_before_it_is_sent(
    bucket: str, upload: str, send: Any
) -> None:
    answer = send(
        "PUT",
        f"/{bucket}/k?partNumber=1&uploadId={upload}",
        headers={
            "Content-Length": str(5 * 1024**3 + 1),
            "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
        },
    )
    assert answer.status == 400
    assert b"<Code>EntityTooLarge</Code>" in answer.body


def test_others_may_not(bob: Any, bucket: str, upload: str, refused: Any) -> None:
    with refused("AccessDenied", 403):
        bob.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"a")
