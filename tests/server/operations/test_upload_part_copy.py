from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import quote

import pytest

DATA = b"0123456789"


@pytest.fixture
def upload(alice: Any, bucket: str) -> str:
    alice.put_object(Bucket=bucket, Key="src", Body=DATA)
    return str(alice.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"])


def finish(client: Any, bucket: str, id: str, part: Any, **more: Any) -> bytes:
    client.complete_multipart_upload(
        Bucket=bucket,
        Key="k",
        UploadId=id,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"], **more}]},
    )
    found: bytes = client.get_object(Bucket=bucket, Key="k")["Body"].read()
    return found


def copy(client: Any, bucket: str, id: str, source: Any, **more: Any) -> Any:
    return client.upload_part_copy(
        Bucket=bucket, Key="k", UploadId=id, PartNumber=1, CopySource=source, **more
    )


def test_the_whole(alice: Any, bucket: str, upload: str) -> None:
    part = copy(alice, bucket, upload, f"{bucket}/src")["CopyPartResult"]
    assert part["ETag"] == f'"{hashlib.md5(DATA).hexdigest()}"'
    assert finish(alice, bucket, upload, part) == DATA


def test_an_empty_source(alice: Any, bucket: str, upload: str) -> None:
    alice.put_object(Bucket=bucket, Key="src", Body=b"")
    part = copy(alice, bucket, upload, f"{bucket}/src")["CopyPartResult"]
    assert finish(alice, bucket, upload, part) == b""


def test_a_range(alice: Any, bucket: str, upload: str) -> None:
    part = copy(alice, bucket, upload, f"{bucket}/src", CopySourceRange="bytes=2-4")
    (listed,) = alice.list_parts(Bucket=bucket, Key="k", UploadId=upload)["Parts"]
    assert (listed["Size"], listed["ETag"]) == (3, part["CopyPartResult"]["ETag"])
    assert finish(alice, bucket, upload, part["CopyPartResult"]) == b"234"


@pytest.mark.parametrize(
    "text",
    [
        "0-2",
        "bytes=0",
        "bytes=a-b",
        "bytes=0-b",
        "bytes=a-",
        "bytes=1-",
        "bytes=-3",
        "bytes=0-2,3-5",
    ],
)
def test_a_range_that_is_none(
    alice: Any, bucket: str, upload: str, refused: Any, text: str
) -> None:
    with refused("InvalidArgument", 400):
        copy(alice, bucket, upload, f"{bucket}/src", CopySourceRange=text)


@pytest.mark.parametrize("text", ["bytes=0-10", "bytes=10-10", "bytes=5-2"])
def test_a_range_outside(alice: Any, bucket: str, upload: str, refused: Any, text: str) -> None:
    with refused("InvalidRange", 416):
        copy(alice, bucket, upload, f"{bucket}/src", CopySourceRange=text)
    assert "Parts" not in alice.list_parts(Bucket=bucket, Key="k", UploadId=upload)


@pytest.mark.parametrize("key", [" ", "_", "?versionId", "a+b", "ü/ö", "x%20y"])
def test_keys_with_odd_letters(alice: Any, bucket: str, upload: str, key: str) -> None:
    alice.put_object(Bucket=bucket, Key=key, Body=key.encode())
    part = copy(alice, bucket, upload, {"Bucket": bucket, "Key": key})["CopyPartResult"]
    assert finish(alice, bucket, upload, part) == key.encode()


def test_a_leading_slash(alice: Any, bucket: str, upload: str) -> None:
    part = copy(alice, bucket, upload, f"/{bucket}/{quote('src')}")["CopyPartResult"]
    assert finish(alice, bucket, upload, part) == DATA


def test_an_old_version(alice: Any, bucket: str, upload: str) -> None:
    alice.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = alice.put_object(Bucket=bucket, Key="src", Body=b"old")["VersionId"]
    alice.put_object(Bucket=bucket, Key="src", Body=b"new")
    part = copy(alice, bucket, upload, {"Bucket": bucket, "Key": "src", "VersionId": old})
    assert part["CopySourceVersionId"] == old
    assert finish(alice, bucket, upload, part["CopyPartResult"]) == b"old"


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("CopySourceIfMatch", "own", True),
        ("CopySourceIfMatch", '"other"', False),
        ("CopySourceIfNoneMatch", "own", False),
        ("CopySourceIfNoneMatch", '"other"', True),
    ],
)
def test_conditions(
    alice: Any, bucket: str, upload: str, refused: Any, name: str, value: str, good: bool
) -> None:
    tag = alice.head_object(Bucket=bucket, Key="src")["ETag"] if value == "own" else value
    if good:
        copy(alice, bucket, upload, f"{bucket}/src", **{name: tag})
    else:
        with refused("PreconditionFailed", 412):
            copy(alice, bucket, upload, f"{bucket}/src", **{name: tag})


@pytest.mark.parametrize(("span", "body"), [(None, DATA), ("bytes=2-4", b"234")])
def test_a_checksum_that_is_asked_for_is_computed(
    alice: Any, bucket: str, span: str | None, body: bytes
) -> None:
    alice.put_object(Bucket=bucket, Key="src", Body=DATA)
    id = alice.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")[
        "UploadId"
    ]
    more = {} if span is None else {"CopySourceRange": span}
    part = copy(alice, bucket, id, f"{bucket}/src", **more)["CopyPartResult"]
    expected = base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert part["ChecksumSHA256"] == expected
    assert finish(alice, bucket, id, part, ChecksumSHA256=expected) == body


def test_no_such_source(alice: Any, bucket: str, upload: str, refused: Any) -> None:
    with refused("NoSuchKey", 404):
        copy(alice, bucket, upload, f"{bucket}/nope")
    with refused("NoSuchBucket", 404):
        copy(alice, bucket, upload, "no-such-bucket-here/src")


def test_a_source_that_may_not_be_read(bob: Any, bucket: str, upload: str, refused: Any) -> None:
    bob.create_bucket(Bucket=f"{bucket}-bob")
    id = bob.create_multipart_upload(Bucket=f"{bucket}-bob", Key="k")["UploadId"]
    for key in ("src", "nope"):
        with refused("AccessDenied", 403):
            copy(bob, f"{bucket}-bob", id, f"{bucket}/{key}")


def test_a_source_of_another_that_is_public(alice: Any, bob: Any, bucket: str) -> None:
    alice.put_object(Bucket=bucket, Key="src", Body=DATA, ACL="public-read")
    bob.create_bucket(Bucket=f"{bucket}-bob")
    id = bob.create_multipart_upload(Bucket=f"{bucket}-bob", Key="k")["UploadId"]
    part = copy(bob, f"{bucket}-bob", id, f"{bucket}/src")["CopyPartResult"]
    assert finish(bob, f"{bucket}-bob", id, part) == DATA
