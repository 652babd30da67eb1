"""Versioning: versions, delete markers, null versions, ListObjectVersions."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


def set_versioning(s3, bucket, status):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def put(s3, bucket, body, key="k"):
    return s3.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId")


def body_of(s3, bucket, version=None, key="k"):
    named = {"VersionId": version} if version else {}
    return s3.get_object(Bucket=bucket, Key=key, **named)["Body"].read()


def listed(s3, bucket, **asked):
    """(key, version, latest, marker?) in the order of the answer."""
    answer = s3.list_object_versions(Bucket=bucket, **asked)
    found = [(v["Key"], v["VersionId"], v["IsLatest"], False) for v in answer.get("Versions", [])]
    return found + [
        (v["Key"], v["VersionId"], v["IsLatest"], True) for v in answer.get("DeleteMarkers", [])
    ]


def test_every_put_is_a_version(s3, versioned):
    ids = [put(s3, versioned, str(number).encode()) for number in range(5)]
    assert len(set(ids)) == 5
    for number, id in enumerate(ids):
        assert body_of(s3, versioned, id) == str(number).encode()
    assert [each[1] for each in listed(s3, versioned)] == ids[::-1]
    assert [each[2] for each in listed(s3, versioned)] == [True] + [False] * 4


def test_answers_name_their_version(s3, versioned):
    id = put(s3, versioned, b"1")
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == id
    assert s3.head_object(Bucket=versioned, Key="k", VersionId=id)["VersionId"] == id


def test_no_version_where_versioning_was_never_on(s3, bucket):
    assert put(s3, bucket, b"1") is None
    assert "VersionId" not in s3.get_object(Bucket=bucket, Key="k")
    assert listed(s3, bucket) == [("k", "null", True, False)]
    assert body_of(s3, bucket, "null") == b"1"


def test_a_delete_makes_a_marker(s3, versioned, refused):
    id = put(s3, versioned, b"1")
    answer = s3.delete_object(Bucket=versioned, Key="k")
    assert answer["DeleteMarker"] is True
    marker = answer["VersionId"]
    with refused("NoSuchKey", 404) as refusal:
        s3.get_object(Bucket=versioned, Key="k")
    assert refusal.headers["x-amz-delete-marker"] == "true"
    assert refusal.headers["x-amz-version-id"] == marker
    with refused("404", 404) as refusal:
        s3.head_object(Bucket=versioned, Key="k")
    assert refusal.headers["x-amz-delete-marker"] == "true"
    assert body_of(s3, versioned, id) == b"1"


def test_a_marker_cannot_be_read(s3, versioned, refused):
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    with refused("MethodNotAllowed", 405) as refusal:
        s3.get_object(Bucket=versioned, Key="k", VersionId=marker)
    assert refusal.headers["x-amz-delete-marker"] == "true"
    assert refusal.headers["allow"] == "DELETE"
    with refused("405", 405):
        s3.head_object(Bucket=versioned, Key="k", VersionId=marker)


def test_deleting_a_marker_brings_back(s3, versioned):
    put(s3, versioned, b"1")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    answer = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)
    assert (answer["DeleteMarker"], answer["VersionId"]) == (True, marker)
    assert body_of(s3, versioned) == b"1"


def test_deleting_a_version_uncovers_the_one_before(s3, versioned):
    first, second = put(s3, versioned, b"1"), put(s3, versioned, b"2")
    answer = s3.delete_object(Bucket=versioned, Key="k", VersionId=second)
    assert answer["VersionId"] == second
    assert "DeleteMarker" not in answer
    assert body_of(s3, versioned) == b"1"
    assert listed(s3, versioned) == [("k", first, True, False)]


def test_markers_pile_up(s3, versioned):
    markers = [s3.delete_object(Bucket=versioned, Key="k")["VersionId"] for _ in range(3)]
    assert listed(s3, versioned) == [
        ("k", markers[2], True, True),
        ("k", markers[1], False, True),
        ("k", markers[0], False, True),
    ]


@pytest.mark.parametrize("version", ["never-given", "x" * 32])
def test_a_version_that_is_none(s3, versioned, version):
    """S3 checks the form of an id before it looks for it."""
    put(s3, versioned, b"1")
    with pytest.raises(ClientError) as found:
        s3.get_object(Bucket=versioned, Key="k", VersionId=version)
    assert (
        found.value.response["Error"]["Code"],
        found.value.response["ResponseMetadata"]["HTTPStatusCode"],
    ) in (("InvalidArgument", 400), ("NoSuchVersion", 404))


def test_a_version_that_is_gone(s3, versioned, refused):
    id = put(s3, versioned, b"1")
    s3.delete_object(Bucket=versioned, Key="k", VersionId=id)
    with refused("NoSuchVersion", 404):
        s3.get_object(Bucket=versioned, Key="k", VersionId=id)
    answer = s3.delete_object(Bucket=versioned, Key="k", VersionId=id)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_a_version_of_another_key(s3, versioned, refused):
    id = put(s3, versioned, b"1")
    put(s3, versioned, b"2", "other")
    with refused("NoSuchVersion", 404):
        s3.get_object(Bucket=versioned, Key="other", VersionId=id)


def test_the_empty_version(send, versioned):
    send("PUT", f"/{versioned}/k", b"1")
    assert send("GET", f"/{versioned}/k?versionId=").refusal == ("InvalidArgument", 400)


def test_what_was_there_before_is_the_null_version(s3, bucket):
    put(s3, bucket, b"null")
    set_versioning(s3, bucket, "Enabled")
    id = put(s3, bucket, b"new")
    assert body_of(s3, bucket, "null") == b"null"
    assert listed(s3, bucket) == [("k", id, True, False), ("k", "null", False, False)]
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["VersionId"] == "null"


def test_the_null_version_can_be_removed(s3, bucket, refused):
    put(s3, bucket, b"null")
    set_versioning(s3, bucket, "Enabled")
    answer = s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert answer["VersionId"] == "null"
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="k")
    assert listed(s3, bucket) == []


def test_a_suspended_bucket_overwrites_its_null_version(s3, versioned):
    kept = put(s3, versioned, b"kept")
    set_versioning(s3, versioned, "Suspended")
    assert put(s3, versioned, b"1") == "null"
    assert put(s3, versioned, b"2") == "null"
    assert listed(s3, versioned) == [("k", "null", True, False), ("k", kept, False, False)]
    assert body_of(s3, versioned, "null") == b"2"
    assert body_of(s3, versioned, kept) == b"kept"


def test_a_suspended_delete_leaves_a_null_marker(s3, versioned, refused):
    kept = put(s3, versioned, b"kept")
    set_versioning(s3, versioned, "Suspended")
    put(s3, versioned, b"1")
    answer = s3.delete_object(Bucket=versioned, Key="k")
    assert (answer["DeleteMarker"], answer["VersionId"]) == (True, "null")
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=versioned, Key="k")
    assert sorted(listed(s3, versioned)) == sorted(
        [("k", kept, False, False), ("k", "null", True, True)]
    )
    s3.delete_object(Bucket=versioned, Key="k")
    assert len(listed(s3, versioned)) == 2


def test_a_null_put_replaces_a_null_marker(s3, versioned):
    set_versioning(s3, versioned, "Suspended")
    s3.delete_object(Bucket=versioned, Key="k")
    put(s3, versioned, b"1")
    assert listed(s3, versioned) == [("k", "null", True, False)]


def test_enabled_again_keeps_the_null_version(s3, versioned):
    set_versioning(s3, versioned, "Suspended")
    put(s3, versioned, b"null")
    set_versioning(s3, versioned, "Enabled")
    id = put(s3, versioned, b"new")
    assert listed(s3, versioned) == [("k", id, True, False), ("k", "null", False, False)]


def test_versioning_is_not_turned_off(s3, versioned, refused):
    with refused("MalformedXML", 400):
        set_versioning(s3, versioned, "Disabled")


def test_many_versions_deleted_at_once(s3, versioned):
    ids = [put(s3, versioned, b"1") for _ in range(3)]
    objects = [{"Key": "k", "VersionId": id} for id in ids]
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": objects})
    assert sorted(each["VersionId"] for each in answer["Deleted"]) == sorted(ids)
    assert listed(s3, versioned) == []


def test_many_deleted_leave_markers(s3, versioned):
    put(s3, versioned, b"1")
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k"}]})
    [deleted] = answer["Deleted"]
    assert deleted["DeleteMarker"] is True
    assert deleted["DeleteMarkerVersionId"] == listed(s3, versioned)[-1][1]
    assert "VersionId" not in deleted
    marker = {"Key": "k", "VersionId": deleted["DeleteMarkerVersionId"]}
    [deleted] = s3.delete_objects(Bucket=versioned, Delete={"Objects": [marker]})["Deleted"]
    assert deleted["DeleteMarker"] is True
    assert deleted["DeleteMarkerVersionId"] == deleted["VersionId"] == marker["VersionId"]


@pytest.mark.parametrize("most", [1, 2, 3, 5, 100])
def test_pages_of_versions(s3, versioned, most):
    for key in ("a", "b/1", "b/2", "c"):
        for number in range(3):
            put(s3, versioned, str(number).encode(), key)
        s3.delete_object(Bucket=versioned, Key=key)
    found, more = [], {}
    for _ in range(20):
        page = s3.list_object_versions(Bucket=versioned, MaxKeys=most, **more)
        entries = page.get("Versions", []) + page.get("DeleteMarkers", [])
        assert len(entries) <= most
        found += [(each["Key"], each["VersionId"]) for each in entries]
        if not page["IsTruncated"]:
            break
        more = {
            "KeyMarker": page["NextKeyMarker"],
            "VersionIdMarker": page["NextVersionIdMarker"],
        }
    assert len(found) == len(set(found)) == 16


def test_versions_below_prefixes(s3, versioned):
    for key in ("a", "b/1", "b/2", "c"):
        put(s3, versioned, b"1", key)
    answer = s3.list_object_versions(Bucket=versioned, Delimiter="/")
    assert [each["Key"] for each in answer["Versions"]] == ["a", "c"]
    assert [each["Prefix"] for each in answer["CommonPrefixes"]] == ["b/"]
    answer = s3.list_object_versions(Bucket=versioned, Prefix="b/")
    assert [each["Key"] for each in answer["Versions"]] == ["b/1", "b/2"]
    answer = s3.list_object_versions(Bucket=versioned, KeyMarker="b/1")
    assert [each["Key"] for each in answer["Versions"]] == ["b/2", "c"]


def test_a_version_marker_needs_a_key(send, versioned):
    answer = send("GET", f"/{versioned}?versions&version-id-marker=abc")
    assert answer.refusal == ("InvalidArgument", 400)


def test_what_a_version_s_entry_says(s3, versioned):
    put(s3, versioned, b"12345")
    [entry] = s3.list_object_versions(Bucket=versioned)["Versions"]
    head = s3.head_object(Bucket=versioned, Key="k")
    assert (entry["Size"], entry["ETag"]) == (5, head["ETag"])
    assert entry["StorageClass"] == "STANDARD"
    assert entry["Owner"]["ID"] == s3.list_buckets()["Owner"]["ID"]
    assert entry["LastModified"].replace(microsecond=0) == head["LastModified"]


def test_acls_of_versions(s3, anonymous, versioned, refused):
    first = put(s3, versioned, b"1")
    second = put(s3, versioned, b"2")
    s3.put_object_acl(Bucket=versioned, Key="k", VersionId=first, ACL="public-read")
    assert body_of(anonymous, versioned, first) == b"1"
    with refused("AccessDenied", 403):
        anonymous.get_object(Bucket=versioned, Key="k", VersionId=second)
    with refused("AccessDenied", 403):
        anonymous.get_object(Bucket=versioned, Key="k")


def test_tags_of_versions(s3, versioned):
    first, second = put(s3, versioned, b"1"), put(s3, versioned, b"2")
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    answer = s3.put_object_tagging(Bucket=versioned, Key="k", VersionId=first, Tagging=tags)
    assert answer["VersionId"] == first
    found = s3.get_object_tagging(Bucket=versioned, Key="k", VersionId=first)
    assert found["TagSet"] == tags["TagSet"]
    assert s3.get_object_tagging(Bucket=versioned, Key="k")["TagSet"] == []
    assert s3.get_object_tagging(Bucket=versioned, Key="k")["VersionId"] == second


@pytest.mark.parametrize(
    ("method", "query", "headers"),
    [
        ("PUT", "", {}),
        ("PUT", "", {"x-amz-copy-source": "{bucket}/k"}),
        ("POST", "&uploads", {}),
    ],
)
def test_a_version_cannot_be_written_over(s3, send, versioned, method, query, headers):
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    asked = {name: value.format(bucket=versioned) for name, value in headers.items()}
    answer = send(method, f"/{versioned}/k?versionId={version}{query}", headers=asked)
    assert answer.refusal == ("InvalidArgument", 400)
    assert len(s3.list_object_versions(Bucket=versioned)["Versions"]) == 1
