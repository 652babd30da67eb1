"""Content-MD5, x-amz-checksum-*, x-amz-content-sha256, and what is stored of them."""

from __future__ import annotations

import base64
import hashlib
import zlib

import pytest
from botocore.exceptions import ClientError

from .conftest import ask, sign

BODY = b"checked content"
MIB = 1024 * 1024


def encoded(digest):
    return base64.b64encode(digest).decode()


CRC32 = encoded(zlib.crc32(BODY).to_bytes(4, "big"))
SHA1 = encoded(hashlib.sha1(BODY).digest())
SHA256 = encoded(hashlib.sha256(BODY).digest())
WRONG = {
    "crc32": encoded(bytes(4)),
    "crc32c": encoded(bytes(4)),
    "crc64nvme": encoded(bytes(8)),
    "sha1": encoded(bytes(20)),
    "sha256": encoded(bytes(32)),
}
RIGHT = {"crc32": CRC32, "sha1": SHA1, "sha256": SHA256}
ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]


def test_the_right_md5(send, bucket):
    md5 = encoded(hashlib.md5(BODY).digest())
    assert send("PUT", f"/{bucket}/k", BODY, {"Content-MD5": md5}).status == 200


@pytest.mark.parametrize(
    ("md5", "code"),
    [
        (encoded(bytes(16)), "BadDigest"),
        ("YWJyYWNhZGFicmE=", "InvalidDigest"),
        ("", "InvalidDigest"),
        ("not base64 at all!", "InvalidDigest"),
        (hashlib.md5(BODY).hexdigest(), "InvalidDigest"),
    ],
)
def test_a_wrong_md5(send, bucket, md5, code):
    assert send("PUT", f"/{bucket}/k", BODY, {"Content-MD5": md5}).refusal == (code, 400)
    assert send("HEAD", f"/{bucket}/k").status == 404


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_checksum(send, bucket, name):
    header = f"x-amz-checksum-{name}"
    answer = send("PUT", f"/{bucket}/k", BODY, {header: RIGHT[name]})
    assert (answer.status, answer.headers[header]) == (200, RIGHT[name])
    plain = send("HEAD", f"/{bucket}/k")
    assert header not in plain.headers
    shown = send("HEAD", f"/{bucket}/k", headers={"x-amz-checksum-mode": "ENABLED"})
    assert shown.headers[header] == RIGHT[name]
    assert shown.headers["x-amz-checksum-type"] == "FULL_OBJECT"


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_checksum(send, bucket, name):
    answer = send("PUT", f"/{bucket}/k", BODY, {f"x-amz-checksum-{name}": WRONG[name]})
    assert answer.refusal == ("BadDigest", 400)
    assert send("HEAD", f"/{bucket}/k").status == 404


@pytest.mark.parametrize("value", ["", "AAAA", "no base64", WRONG["sha256"]])
def test_a_checksum_that_is_none(send, bucket, value):
    answer = send("PUT", f"/{bucket}/k", BODY, {"x-amz-checksum-crc32": value})
    assert answer.refusal == ("InvalidRequest", 400)


def test_two_checksums(send, bucket):
    headers = {"x-amz-checksum-crc32": CRC32, "x-amz-checksum-sha1": SHA1}
    assert send("PUT", f"/{bucket}/k", BODY, headers).refusal == ("InvalidRequest", 400)


def test_an_algorithm_that_is_none(send, bucket):
    headers = {"x-amz-sdk-checksum-algorithm": "CRC31", "x-amz-checksum-crc31": "AAAA"}
    assert send("PUT", f"/{bucket}/k", BODY, headers).refusal == ("InvalidRequest", 400)


def test_an_object_without_a_checksum_gets_one(send, s3, bucket):
    """CRC64NVME, since 2024 ("Checking object integrity in Amazon S3")."""
    assert send("PUT", f"/{bucket}/k", BODY).status == 200
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head["ChecksumCRC64NVME"]
    assert head["ChecksumType"] == "FULL_OBJECT"


def test_the_signed_hash_of_another_body(server, send, bucket):
    headers = sign(server, server.alice, "PUT", f"/{bucket}/k", b"other", {})
    answer = ask(server, "PUT", f"/{bucket}/k", BODY, headers)
    assert answer.refusal == ("XAmzContentSHA256Mismatch", 400)
    assert send("HEAD", f"/{bucket}/k").status == 404


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_boto_s_own_checksums(s3, bucket, algorithm):
    try:
        put = s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm=algorithm)
    except Exception as error:
        pytest.skip(f"this botocore cannot compute it: {error}") if "CRT" in str(error) else None
        raise
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]
    assert got["Body"].read() == BODY


def crc32_of(body):
    return encoded(zlib.crc32(body).to_bytes(4, "big"))


@pytest.mark.parametrize("kind", ["COMPOSITE", "FULL_OBJECT"])
def test_a_multipart_checksum(s3, bucket, kind):
    bodies = [bytes(range(256)) * (5 * MIB // 256), b"end"]
    named = {"Bucket": bucket, "Key": "k"}
    upload = s3.create_multipart_upload(**named, ChecksumAlgorithm="CRC32", ChecksumType=kind)
    assert (upload["ChecksumAlgorithm"], upload["ChecksumType"]) == ("CRC32", kind)
    named["UploadId"] = upload["UploadId"]
    parts = []
    for number, body in enumerate(bodies, 1):
        found = s3.upload_part(**named, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32")
        assert found["ChecksumCRC32"] == crc32_of(body)
        keep = ("ETag", "ChecksumCRC32")
        parts.append({"PartNumber": number} | {name: found[name] for name in keep})
    listed = s3.list_parts(**named)
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == ("CRC32", kind)
    assert listed["Parts"][0]["ChecksumCRC32"] == parts[0]["ChecksumCRC32"]
    answer = s3.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
    digests = b"".join(zlib.crc32(body).to_bytes(4, "big") for body in bodies)
    expected = f"{crc32_of(digests)}-2" if kind == "COMPOSITE" else crc32_of(b"".join(bodies))
    assert (answer["ChecksumCRC32"], answer["ChecksumType"]) == (expected, kind)
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head["ChecksumCRC32"], head["ChecksumType"]) == (expected, kind)


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [("SHA256", "FULL_OBJECT"), ("SHA1", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")],
)
def test_kinds_that_do_not_exist(s3, bucket, refused, algorithm, kind):
    with refused("InvalidRequest", 400):
        s3.create_multipart_upload(
            Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType=kind
        )


def test_a_whole_checksum_that_a_completion_promises(s3, bucket, refused):
    named = {"Bucket": bucket, "Key": "k"}
    named["UploadId"] = s3.create_multipart_upload(
        **named, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
    )["UploadId"]
    found = s3.upload_part(**named, PartNumber=1, Body=BODY, ChecksumAlgorithm="CRC32")
    parts = {"Parts": [{"PartNumber": 1, "ETag": found["ETag"]}]}
    with refused("BadDigest", 400):
        s3.complete_multipart_upload(
            **named, MultipartUpload=parts, ChecksumCRC32=WRONG["crc32"], ChecksumType="FULL_OBJECT"
        )
    s3.complete_multipart_upload(
        **named, MultipartUpload=parts, ChecksumCRC32=CRC32, ChecksumType="FULL_OBJECT"
    )


def test_a_part_s_checksum_in_the_completion(s3, bucket, refused):
    named = {"Bucket": bucket, "Key": "k"}
    named["UploadId"] = s3.create_multipart_upload(**named, ChecksumAlgorithm="CRC32")["UploadId"]
    found = s3.upload_part(**named, PartNumber=1, Body=BODY, ChecksumAlgorithm="CRC32")
    part = {"PartNumber": 1, "ETag": found["ETag"], "ChecksumCRC32": WRONG["crc32"]}
    with refused("InvalidPart", 400):
        s3.complete_multipart_upload(**named, MultipartUpload={"Parts": [part]})


def test_a_part_of_another_algorithm(s3, bucket, refused):
    named = {"Bucket": bucket, "Key": "k"}
    named["UploadId"] = s3.create_multipart_upload(**named, ChecksumAlgorithm="SHA256")["UploadId"]
    with refused("InvalidRequest", 400):
        s3.upload_part(**named, PartNumber=1, Body=BODY, ChecksumAlgorithm="CRC32")


def test_a_range_has_no_checksum_of_the_whole(send, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm="SHA256")
    headers = {"Range": "bytes=0-1", "x-amz-checksum-mode": "ENABLED"}
    answer = send("GET", f"/{bucket}/k", headers=headers)
    assert answer.status == 206
    assert "x-amz-checksum-sha256" not in answer.headers


def test_two_checksums_named_by_boto(s3, bucket):
    with pytest.raises(ClientError) as found:
        s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumSHA1=SHA1, ChecksumSHA256=SHA256)
    assert found.value.response["Error"]["Code"] == "InvalidRequest"
