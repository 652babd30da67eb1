from __future__ import annotations

import hashlib
from typing import Any

import pytest

from .conftest import client_of
from .in_parts import BODIES, send_in_parts, sha256

EVERY = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]


@pytest.fixture(scope="module")
def parted(server: Any) -> tuple[Any, str]:
    return send_in_parts(client_of(server, server.alice))


def test_an_object_in_one_piece(alice: Any, bucket: str) -> None:
    put = alice.put_object(Bucket=bucket, Key="k", Body=b"abc", ChecksumAlgorithm="SHA256")
    found = alice.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=EVERY)
    assert found["ETag"] == put["ETag"].strip('"')
    assert found["Checksum"] == {"ChecksumSHA256": sha256(b"abc"), "ChecksumType": "FULL_OBJECT"}
    assert (found["StorageClass"], found["ObjectSize"]) == ("STANDARD", 3)
    assert "ObjectParts" not in found
    assert "LastModified" in found
    assert "VersionId" not in found


def test_only_what_is_asked_for(alice: Any, bucket: str) -> None:
    alice.put_object(Bucket=bucket, Key="k", Body=b"abc", StorageClass="STANDARD_IA")
    found = alice.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["StorageClass", "ObjectSize"]
    )
    assert set(found) == {"StorageClass", "ObjectSize", "LastModified", "ResponseMetadata"}
    assert found["StorageClass"] == "STANDARD_IA"


def test_the_parts(parted: tuple[Any, str]) -> None:
    client, bucket = parted
    found = client.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=EVERY)
    composite = sha256(b"".join(hashlib.sha256(body).digest() for body in BODIES.values()))
    assert found["Checksum"] == {"ChecksumSHA256": composite, "ChecksumType": "COMPOSITE"}
    assert found["ETag"].endswith("-3")
    parts = found["ObjectParts"]
    assert (parts["TotalPartsCount"], parts["IsTruncated"]) == (3, False)
    assert parts["Parts"] == [
        {"PartNumber": number, "Size": len(body), "ChecksumSHA256": sha256(body)}
        for number, body in BODIES.items()
    ]


def test_the_parts_page_by_page(parted: tuple[Any, str]) -> None:
    client, bucket = parted
    wish = {"Bucket": bucket, "Key": "k", "ObjectAttributes": ["ObjectParts"], "MaxParts": 2}
    first = client.get_object_attributes(**wish)["ObjectParts"]
    assert [part["PartNumber"] for part in first["Parts"]] == [1, 2]
    assert (first["IsTruncated"], first["MaxParts"]) == (True, 2)
    assert first["NextPartNumberMarker"] == 2
    second = client.get_object_attributes(**wish, PartNumberMarker=2)["ObjectParts"]
    assert [part["PartNumber"] for part in second["Parts"]] == [7]
    assert second["IsTruncated"] is False
    none = client.get_object_attributes(**{**wish, "MaxParts": 0})["ObjectParts"]
    assert "Parts" not in none


def test_without_a_composite_checksum_only_their_number(alice: Any, bucket: str) -> None:
    place = {"Bucket": bucket, "Key": "k"}
    place["UploadId"] = alice.create_multipart_upload(**place)["UploadId"]
    part = alice.upload_part(**place, PartNumber=1, Body=b"abc")
    alice.complete_multipart_upload(
        **place, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )
    found = alice.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts", "Checksum"]
    )
    assert found["ObjectParts"] == {"TotalPartsCount": 1}
    assert found["Checksum"]["ChecksumType"] == "FULL_OBJECT"


@pytest.mark.parametrize("names", [None, "", "Size", "ETag,", "etag"])
def test_names_that_are_none(alice: Any, bucket: str, send: Any, names: str | None) -> None:
    alice.put_object(Bucket=bucket, Key="k", Body=b"abc")
    headers = {} if names is None else {"x-amz-object-attributes": names}
    answer = send("GET", f"/{bucket}/k?attributes", headers=headers)
    assert answer.status == 400
    assert b"<Code>InvalidArgument</Code>" in answer.body


def test_versions_and_markers(alice: Any, bucket: str, refused: Any) -> None:
    alice.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = alice.put_object(Bucket=bucket, Key="k", Body=b"abc")["VersionId"]
    marker = alice.delete_object(Bucket=bucket, Key="k")["VersionId"]
    wish = {"Bucket": bucket, "Key": "k", "ObjectAttributes": ["ObjectSize"]}
    assert alice.get_object_attributes(**wish, VersionId=old)["ObjectSize"] == 3
    with refused("NoSuchKey", 404) as refusal:
        alice.get_object_attributes(**wish)
    assert refusal.headers["x-amz-delete-marker"] == "true"
    with refused("MethodNotAllowed", 405):
        alice.get_object_attributes(**wish, VersionId=marker)
    with refused("NoSuchVersion", 404):
        alice.get_object_attributes(**wish, VersionId="nope")


def test_others_may_not(alice: Any, bob: Any, bucket: str, refused: Any) -> None:
    alice.put_object(Bucket=bucket, Key="k", Body=b"abc")
    with refused("AccessDenied", 403):
        bob.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ETag"])
