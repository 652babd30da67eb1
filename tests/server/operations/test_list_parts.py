from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def upload(alice: Any, bucket: str) -> str:
    id = alice.create_multipart_upload(
        Bucket=bucket, Key="k", ChecksumAlgorithm="SHA1", StorageClass="GLACIER_IR"
    )["UploadId"]
    for number in (1, 2, 5, 10_000):
        alice.upload_part(
            Bucket=bucket,
            Key="k",
            UploadId=id,
            PartNumber=number,
            Body=b"x" * number,
            ChecksumAlgorithm="SHA1",
        )
    return str(id)


def numbers(answer: Any) -> list[int]:
    return [part["PartNumber"] for part in answer.get("Parts", [])]


def test_all_of_them(alice: Any, bucket: str, upload: str, server: Any) -> None:
    found = alice.list_parts(Bucket=bucket, Key="k", UploadId=upload)
    assert numbers(found) == [1, 2, 5, 10_000]
    assert [part["Size"] for part in found["Parts"]] == [1, 2, 5, 10_000]
    assert all(part["ChecksumSHA1"] for part in found["Parts"])
    assert (found["IsTruncated"], found["MaxParts"]) == (False, 1000)
    assert (found["ChecksumAlgorithm"], found["ChecksumType"]) == ("SHA1", "COMPOSITE")
    assert found["StorageClass"] == "GLACIER_IR"
    assert found["Initiator"]["ID"] == found["Owner"]["ID"] == server.alice.canonical_id


def test_page_by_page(alice: Any, bucket: str, upload: str) -> None:
    first = alice.list_parts(Bucket=bucket, Key="k", UploadId=upload, MaxParts=3)
    assert (numbers(first), first["IsTruncated"]) == ([1, 2, 5], True)
    assert first["NextPartNumberMarker"] == 5
    second = alice.list_parts(
        Bucket=bucket, Key="k", UploadId=upload, MaxParts=3, PartNumberMarker=5
    )
    assert (numbers(second), second["IsTruncated"]) == ([10_000], False)


def test_none_are_wanted(alice: Any, bucket: str, upload: str) -> None:
    found = alice.list_parts(Bucket=bucket, Key="k", UploadId=upload, MaxParts=0)
    assert (numbers(found), found["IsTruncated"]) == ([], False)


@pytest.mark.parametrize("query", ["max-parts=-1", "max-parts=x", "part-number-marker=x"])
def test_limits_that_are_none(bucket: str, upload: str, send: Any, query: str) -> None:
    answer = send("GET", f"/{bucket}/k?{query}&uploadId={upload}")
    assert answer.status == 400
    assert b"<Code>InvalidArgument</Code>" in answer.body


def test_an_upload_that_is_not_there(alice: Any, bucket: str, refused: Any) -> None:
    with refused("NoSuchUpload", 404):
        alice.list_parts(Bucket=bucket, Key="k", UploadId="nope")


def test_others_may_not(bob: Any, bucket: str, upload: str, refused: Any) -> None:
    with refused("AccessDenied", 403):
        bob.list_parts(Bucket=bucket, Key="k", UploadId=upload)
