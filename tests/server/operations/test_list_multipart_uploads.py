from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def uploads(alice: Any, bucket: str) -> list[tuple[str, str]]:
    keys = ["a", "a", "b/1", "b/2", "c d"]
    started = [alice.create_multipart_upload(Bucket=bucket, Key=key) for key in keys]
    return [(key, one["UploadId"]) for key, one in zip(keys, started, strict=True)]


def shown(answer: Any) -> list[tuple[str, str]]:
    return [(one["Key"], one["UploadId"]) for one in answer.get("Uploads", [])]


def test_by_key_and_then_in_order(alice: Any, bucket: str, uploads: Any, server: Any) -> None:
    found = alice.list_multipart_uploads(Bucket=bucket)
    assert shown(found) == uploads
    assert found["IsTruncated"] is False
    assert found["Uploads"][0]["Initiator"]["ID"] == server.alice.canonical_id
    assert found["Uploads"][0]["Owner"]["ID"] == server.alice.canonical_id


@pytest.mark.parametrize("size", [1, 2, 3])
def test_page_by_page(alice: Any, bucket: str, uploads: Any, size: int) -> None:
    found, after = [], {}
    for _ in range(10):
        page = alice.list_multipart_uploads(Bucket=bucket, MaxUploads=size, **after)
        found += shown(page)
        if not page["IsTruncated"]:
            break
        after = {
            "KeyMarker": page["NextKeyMarker"],
            "UploadIdMarker": page["NextUploadIdMarker"],
        }
    assert found == uploads


def test_after_a_key(alice: Any, bucket: str, uploads: Any) -> None:
    assert shown(alice.list_multipart_uploads(Bucket=bucket, KeyMarker="a")) == uploads[2:]


def test_an_upload_marker_alone_is_ignored(alice: Any, bucket: str, uploads: Any) -> None:
    found = alice.list_multipart_uploads(Bucket=bucket, UploadIdMarker=uploads[3][1])
    assert shown(found) == uploads


def test_prefix_and_delimiter(alice: Any, bucket: str, uploads: Any) -> None:
    found = alice.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [key for key, _ in shown(found)] == ["a", "a", "c d"]
    assert [one["Prefix"] for one in found["CommonPrefixes"]] == ["b/"]
    found = alice.list_multipart_uploads(Bucket=bucket, Prefix="b/")
    assert shown(found) == uploads[2:4]


def test_encoded_keys(bucket: str, uploads: Any, send: Any) -> None:
    answer = send("GET", f"/{bucket}?encoding-type=url&prefix=c%20&uploads=")
    assert b"<Key>c%20d</Key>" in answer.body


def test_none_are_wanted(alice: Any, bucket: str, uploads: Any) -> None:
    found = alice.list_multipart_uploads(Bucket=bucket, MaxUploads=0)
    assert (shown(found), found["IsTruncated"]) == ([], False)


def test_others_may_not(bob: Any, bucket: str, refused: Any) -> None:
    with refused("AccessDenied", 403):
        bob.list_multipart_uploads(Bucket=bucket)
