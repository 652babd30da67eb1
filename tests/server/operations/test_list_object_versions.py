from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def box(alice: Any, bucket: str) -> str:
    """a: null, 2, marker; b/1: 1; b/2: marker; c d: 1."""
    alice.put_object(Bucket=bucket, Key="a", Body=b"null")
    alice.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    alice.put_object(Bucket=bucket, Key="a", Body=b"two", StorageClass="GLACIER_IR")
    alice.delete_object(Bucket=bucket, Key="a")
    alice.put_object(Bucket=bucket, Key="b/1", Body=b"x")
    alice.delete_object(Bucket=bucket, Key="b/2")
    alice.put_object(Bucket=bucket, Key="c d", Body=b"x")
    return bucket


def shown(answer: Any) -> list[tuple[str, str, bool]]:
    """In the order of the answer, as far as boto3 keeps it."""
    both = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
    return sorted((one["Key"], one["VersionId"], one["IsLatest"]) for one in both)


def test_everything(alice: Any, box: str, server: Any) -> None:
    found = alice.list_object_versions(Bucket=box)
    versions, markers = found["Versions"], found["DeleteMarkers"]
    assert [(one["Key"], one["IsLatest"]) for one in versions] == [
        ("a", False),
        ("a", False),
        ("b/1", True),
        ("c d", True),
    ]
    assert [(one["Key"], one["IsLatest"]) for one in markers] == [("a", True), ("b/2", True)]
    assert versions[1]["VersionId"] == "null"
    assert (versions[0]["Size"], versions[0]["StorageClass"]) == (3, "GLACIER_IR")
    owners = {one["Owner"]["ID"] for one in [*versions, *markers]}
    assert owners == {server.alice.canonical_id}
    assert found["IsTruncated"] is False


def test_the_newest_comes_first_markers_among_them(box: str, send: Any) -> None:
    body = send("GET", f"/{box}?prefix=a&versions=").body
    assert body.index(b"<DeleteMarker>") < body.index(b"<Version>")
    assert body.index(b"<Size>3</Size>") < body.index(b"<VersionId>null</VersionId>")


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_page_by_page(alice: Any, box: str, size: int) -> None:
    whole = shown(alice.list_object_versions(Bucket=box))
    found, after = [], {}
    for _ in range(10):
        page = alice.list_object_versions(Bucket=box, MaxKeys=size, **after)
        assert len(shown(page)) <= size
        found += shown(page)
        if not page["IsTruncated"]:
            break
        after = {
            "KeyMarker": page["NextKeyMarker"],
            "VersionIdMarker": page["NextVersionIdMarker"],
        }
    assert sorted(found) == whole


def test_after_a_key(alice: Any, box: str) -> None:
    found = alice.list_object_versions(Bucket=box, KeyMarker="a")
    assert [key for key, _, _ in shown(found)] == ["b/1", "b/2", "c d"]


def test_prefix_and_delimiter(alice: Any, box: str) -> None:
    found = alice.list_object_versions(Bucket=box, Delimiter="/")
    assert [one["Prefix"] for one in found["CommonPrefixes"]] == ["b/"]
    assert {key for key, _, _ in shown(found)} == {"a", "c d"}
    found = alice.list_object_versions(Bucket=box, Prefix="b/")
    assert [key for key, _, _ in shown(found)] == ["b/1", "b/2"]


def test_pages_with_a_delimiter(alice: Any, box: str) -> None:
    page = alice.list_object_versions(Bucket=box, Delimiter="/", MaxKeys=4)
    assert page["NextKeyMarker"] == "b/"
    assert "NextVersionIdMarker" not in page
    page = alice.list_object_versions(Bucket=box, Delimiter="/", KeyMarker="b/")
    assert [key for key, _, _ in shown(page)] == ["c d"]


def test_encoded_keys(box: str, send: Any) -> None:
    assert b"<Key>c%20d</Key>" in send("GET", f"/{box}?encoding-type=url&versions=").body
    assert b"<Key>c d</Key>" in send("GET", f"/{box}?versions=").body


def test_none_are_wanted(alice: Any, box: str) -> None:
    found = alice.list_object_versions(Bucket=box, MaxKeys=0)
    assert (shown(found), found["IsTruncated"]) == ([], False)


@pytest.mark.parametrize(
    "query",
    [
        "version-id-marker=null",
        "key-marker=a&version-id-marker=",
        "key-marker=a&version-id-marker=nope",
        "max-keys=-1",
        "max-keys=many",
        "encoding-type=html",
    ],
)
def test_wishes_that_are_none(box: str, send: Any, query: str) -> None:
    answer = send("GET", f"/{box}?{query}&versions=")
    assert answer.status == 400
    assert b"<Code>InvalidArgument</Code>" in answer.body


def test_others_may_not(bob: Any, box: str, refused: Any) -> None:
    with refused("AccessDenied", 403):
        bob.list_object_versions(Bucket=box)
