from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from awscrt import checksums as crt

MIB = 1024 * 1024
FIRST = bytes(range(256)) * (5 * MIB // 256)


def b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def md5_of_md5s(*bodies: bytes) -> str:
    joined = b"".join(hashlib.md5(body).digest() for body in bodies)
    return f'"{hashlib.md5(joined).hexdigest()}-{len(bodies)}"'


class Upload:
    """An upload with its parts, ready to be completed."""

    def __init__(self, client: Any, bucket: str, key: str = "k", **options: Any) -> None:
        self.client, self.place = client, {"Bucket": bucket, "Key": key}
        started = client.create_multipart_upload(**self.place, **options)
        self.id = started["UploadId"]
        self.algorithm = options.get("ChecksumAlgorithm")
        self.parts: list[dict[str, Any]] = []

    def send(self, number: int, body: bytes) -> None:
        more = {"ChecksumAlgorithm": self.algorithm} if self.algorithm else {}
        part = self.client.upload_part(
            **self.place, UploadId=self.id, PartNumber=number, Body=body, **more
        )
        named = {key: part[key] for key in part if key == "ETag" or key.startswith("Checksum")}
        self.parts.append({"PartNumber": number, **named})

    def complete(self, parts: list[dict[str, Any]] | None = None, **more: Any) -> Any:
        chosen = self.parts if parts is None else parts
        return self.client.complete_multipart_upload(
            **self.place, UploadId=self.id, MultipartUpload={"Parts": chosen}, **more
        )

    def exists(self) -> bool:
        found = self.client.list_objects_v2(Bucket=self.place["Bucket"], Prefix=self.place["Key"])
        return bool(found["KeyCount"])


@pytest.fixture
def upload(alice: Any, bucket: str) -> Upload:
    return Upload(alice, bucket)


def test_the_object_is_its_parts(alice: Any, bucket: str, upload: Upload) -> None:
    upload.send(1, FIRST)
    upload.send(3, b"tail")
    assert not upload.exists()
    done = upload.complete()
    assert done["ETag"] == md5_of_md5s(FIRST, b"tail")
    assert done["Location"].endswith(f"/{bucket}/k")
    found = alice.get_object(Bucket=bucket, Key="k")
    assert found["Body"].read() == FIRST + b"tail"
    assert found["ETag"] == done["ETag"]


def test_parts_that_are_not_named_are_left_out(alice: Any, bucket: str, upload: Upload) -> None:
    upload.send(1, FIRST)
    upload.send(2, b"unwanted")
    upload.send(3, b"tail")
    upload.complete([upload.parts[0], upload.parts[2]])
    assert alice.head_object(Bucket=bucket, Key="k")["ContentLength"] == len(FIRST) + 4


def test_entity_tags_may_come_without_quotes(upload: Upload) -> None:
    upload.send(1, b"abc")
    upload.complete([{"PartNumber": 1, "ETag": upload.parts[0]["ETag"].strip('"')}])
    assert upload.exists()


def test_it_is_over_afterwards(alice: Any, bucket: str, upload: Upload, refused: Any) -> None:
    upload.send(1, b"abc")
    upload.complete()
    with refused("NoSuchUpload", 404):
        alice.upload_part(Bucket=bucket, Key="k", UploadId=upload.id, PartNumber=2, Body=b"a")
    assert "Uploads" not in alice.list_multipart_uploads(Bucket=bucket)


def test_the_same_completion_again_is_answered_as_before(upload: Upload) -> None:
    upload.send(1, b"abc")
    first, second = upload.complete(), upload.complete()
    assert first["ETag"] == second["ETag"]
    assert first.get("VersionId") == second.get("VersionId")


def test_another_completion_afterwards_is_not(
    alice: Any, bucket: str, upload: Upload, refused: Any
) -> None:
    upload.send(1, b"abc")
    upload.complete()
    alice.put_object(Bucket=bucket, Key="k", Body=b"newer")
    with refused("NoSuchUpload", 404):
        upload.complete()


def test_no_such_upload(alice: Any, bucket: str, refused: Any) -> None:
    with refused("NoSuchUpload", 404):
        alice.complete_multipart_upload(
            Bucket=bucket,
            Key="k",
            UploadId="nope",
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": "x"}]},
        )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<CompleteMultipartUpload/>",
        b"<Other><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></Other>",
        b"<CompleteMultipartUpload><Part><ETag>a</ETag></Part></CompleteMultipartUpload>",
        b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
        b"<CompleteMultipartUpload><Part><PartNumber>x</PartNumber><ETag>a</ETag></Part>"
        b"</CompleteMultipartUpload>",
        b"<CompleteMultipartUpload>",
        b"\xff\xfe",
    ],
)
def test_a_body_that_is_none(bucket: str, upload: Upload, send: Any, body: bytes) -> None:
    upload.send(1, b"abc")
    answer = send("POST", f"/{bucket}/k?uploadId={upload.id}", body=body)
    assert answer.status == 400
    assert b"<Code>MalformedXML</Code>" in answer.body
    assert not upload.exists()


def test_a_part_that_was_never_sent(upload: Upload, refused: Any) -> None:
    upload.send(1, b"abc")
    with refused("InvalidPart", 400):
        upload.complete([*upload.parts, {"PartNumber": 2, "ETag": upload.parts[0]["ETag"]}])
    assert not upload.exists()


def test_a_part_by_another_entity_tag(upload: Upload, refused: Any) -> None:
    upload.send(1, b"abc")
    with refused("InvalidPart", 400):
        upload.complete([{"PartNumber": 1, "ETag": '"' + "0" * 32 + '"'}])
    assert not upload.exists()


@pytest.mark.parametrize("order", [(1, 0), (0, 0)])
def test_parts_out_of_order(upload: Upload, refused: Any, order: tuple[int, int]) -> None:
    upload.send(1, FIRST)
    upload.send(2, b"b")
    with refused("InvalidPartOrder", 400):
        upload.complete([upload.parts[index] for index in order])


def test_a_part_that_is_too_small(upload: Upload, refused: Any) -> None:
    upload.send(1, b"small")
    upload.send(2, b"last")
    with refused("EntityTooSmall", 400) as refusal:
        upload.complete()
    assert refusal.error["ProposedSize"] == "5"
    assert refusal.error["MinSizeAllowed"] == str(5 * MIB)
    assert refusal.error["PartNumber"] == "1"
    assert not upload.exists()


@pytest.mark.parametrize(("size", "good"), [(3, True), (4, False)])
def test_the_size_announced_must_be_that_of_the_parts(
    upload: Upload, refused: Any, size: int, good: bool
) -> None:
    upload.send(1, b"abc")
    if good:
        upload.complete(MpuObjectSize=size)
    else:
        with refused("InvalidRequest", 400):
            upload.complete(MpuObjectSize=size)
    assert upload.exists() is good


def test_if_none_match(alice: Any, bucket: str, upload: Upload, refused: Any) -> None:
    upload.send(1, b"abc")
    alice.put_object(Bucket=bucket, Key="k", Body=b"there")
    with refused("PreconditionFailed", 412):
        upload.complete(IfNoneMatch="*")
    alice.delete_object(Bucket=bucket, Key="k")
    upload.complete(IfNoneMatch="*")


def test_if_match(alice: Any, bucket: str, upload: Upload, refused: Any) -> None:
    upload.send(1, b"abc")
    tag = alice.put_object(Bucket=bucket, Key="k", Body=b"there")["ETag"]
    with refused("PreconditionFailed", 412):
        upload.complete(IfMatch='"' + "0" * 32 + '"')
    upload.complete(IfMatch=tag)
    assert alice.head_object(Bucket=bucket, Key="k")["ContentLength"] == 3


def test_the_version_is_said(alice: Any, bucket: str) -> None:
    alice.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    upload = Upload(alice, bucket)
    upload.send(1, b"abc")
    done = upload.complete()
    found = alice.head_object(Bucket=bucket, Key="k", VersionId=done["VersionId"])
    assert found["ETag"] == done["ETag"]


# Checksums of the whole


def test_without_a_wish_the_whole_has_a_crc64(alice: Any, bucket: str, upload: Upload) -> None:
    upload.send(1, FIRST)
    upload.send(2, b"tail")
    done = upload.complete()
    expected = b64(crt.crc64nvme(FIRST + b"tail").to_bytes(8, "big"))
    assert (done["ChecksumCRC64NVME"], done["ChecksumType"]) == (expected, "FULL_OBJECT")
    found = alice.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert found["ChecksumCRC64NVME"] == expected


def test_a_composite_checksum(alice: Any, bucket: str, refused: Any) -> None:
    upload = Upload(alice, bucket, ChecksumAlgorithm="SHA256")
    upload.send(1, FIRST)
    upload.send(2, b"tail")
    digests = [hashlib.sha256(body).digest() for body in (FIRST, b"tail")]
    expected = b64(hashlib.sha256(b"".join(digests)).digest())
    with refused("BadDigest", 400):
        upload.complete(ChecksumSHA256=b64(digests[0]) + "-2")
    with refused("BadDigest", 400):
        upload.complete(ChecksumSHA256=expected + "-3")
    done = upload.complete(ChecksumSHA256=expected + "-2")
    assert (done["ChecksumSHA256"], done["ChecksumType"]) == (expected + "-2", "COMPOSITE")
    found = alice.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (found["ChecksumSHA256"], found["ChecksumType"]) == (expected + "-2", "COMPOSITE")


@pytest.mark.parametrize(
    ("algorithm", "whole"),
    [("CRC32", crt.crc32), ("CRC32C", crt.crc32c)],
)
def test_a_full_object_checksum(
    alice: Any, bucket: str, refused: Any, algorithm: str, whole: Any
) -> None:
    upload = Upload(alice, bucket, ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
    upload.send(1, FIRST)
    upload.send(2, b"tail")
    name, expected = f"Checksum{algorithm}", b64(whole(FIRST + b"tail").to_bytes(4, "big"))
    with refused("BadDigest", 400):
        upload.complete(**{name: b64(b"oops")})
    with refused("BadDigest", 400):
        upload.complete(ChecksumType="COMPOSITE")
    done = upload.complete(**{name: expected}, ChecksumType="FULL_OBJECT")
    assert (done[name], done["ChecksumType"]) == (expected, "FULL_OBJECT")


def test_each_part_needs_its_checksum_in_a_composite_one(
    alice: Any, bucket: str, refused: Any
) -> None:
    upload = Upload(alice, bucket, ChecksumAlgorithm="SHA1")
    upload.send(1, b"abc")
    with refused("InvalidRequest", 400) as refusal:
        upload.complete([{"PartNumber": 1, "ETag": upload.parts[0]["ETag"]}])
    assert "part 1" in refusal.error["Message"]
    wrong = b64(hashlib.sha1(b"other").digest())
    with refused("InvalidPart", 400):
        upload.complete([{**upload.parts[0], "ChecksumSHA1": wrong}])
    upload.complete()


def test_another_algorithm_than_that_of_the_upload(alice: Any, bucket: str, refused: Any) -> None:
    upload = Upload(alice, bucket, ChecksumAlgorithm="CRC32")
    upload.send(1, b"abc")
    with refused("InvalidRequest", 400):
        upload.complete(ChecksumSHA1=b64(hashlib.sha1(b"abc").digest()))
