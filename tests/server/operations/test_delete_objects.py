from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest


def keys(client: Any, bucket: str) -> list[str]:
    return [one["Key"] for one in client.list_objects_v2(Bucket=bucket).get("Contents", [])]


def delete(client: Any, bucket: str, *objects: dict[str, Any], **more: Any) -> Any:
    quiet = more.pop("Quiet", False)
    return client.delete_objects(
        Bucket=bucket, Delete={"Objects": list(objects), "Quiet": quiet}, **more
    )


@pytest.fixture
def filled(alice: Any, bucket: str) -> str:
    for key in ("a", "b/c", "ü & <d>"):
        alice.put_object(Bucket=bucket, Key=key, Body=b"x")
    return bucket


@pytest.fixture
def versioned(alice: Any, bucket: str) -> str:
    alice.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def test_what_is_not_there_is_deleted_too(alice: Any, filled: str) -> None:
    wanted = ["ü & <d>", "nope", "a"]
    answer = delete(alice, filled, *({"Key": key} for key in wanted))
    assert answer["Deleted"] == [{"Key": key} for key in wanted]
    assert "Errors" not in answer
    assert keys(alice, filled) == ["b/c"]


def test_quiet_tells_of_errors_only(alice: Any, filled: str) -> None:
    answer = delete(alice, filled, {"Key": "a"}, Quiet=True)
    assert "Deleted" not in answer
    assert "Errors" not in answer
    assert "a" not in keys(alice, filled)


def test_a_thousand_and_no_more(alice: Any, bucket: str, refused: Any) -> None:
    alice.put_object(Bucket=bucket, Key="k999", Body=b"x")
    many = [{"Key": f"k{number}"} for number in range(1001)]
    with refused("MalformedXML", 400):
        delete(alice, bucket, *many)
    assert keys(alice, bucket) == ["k999"]
    assert len(delete(alice, bucket, *many[:1000])["Deleted"]) == 1000
    assert keys(alice, bucket) == []


@pytest.mark.parametrize(
    "body",
    [
        b"<Delete></Delete>",
        b"<Delete><Object></Object></Delete>",
        b"<Delete><Object><Key></Key></Object></Delete>",
        b"<Remove><Object><Key>a</Key></Object></Remove>",
        b"<Delete><Object><Key>a</Key><Size>big</Size></Object></Delete>",
        b"<Delete><Object><Key>a</Key><LastModifiedTime>soon</LastModifiedTime></Object></Delete>",
        b"<Delete><Object><Key>a</Key></Object>",
        b'<!DOCTYPE Delete [<!ENTITY e "a">]><Delete><Object><Key>&e;</Key></Object></Delete>',
        b"no xml",
    ],
)
def test_a_body_that_is_none(alice: Any, filled: str, send: Any, body: bytes) -> None:
    answer = send("POST", f"/{filled}?delete", body=body, headers=md5(body))
    assert answer.status == 400
    assert b"<Code>MalformedXML</Code>" in answer.body
    assert len(keys(alice, filled)) == 3


def md5(body: bytes) -> dict[str, str]:
    digest = hashlib.md5(body).digest()
    return {"Content-MD5": base64.b64encode(digest).decode()}


BODY = b"<Delete><Object><Key>a</Key></Object></Delete>"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, b"InvalidRequest"),
        (md5(b"other"), b"BadDigest"),
        ({"Content-MD5": "no digest"}, b"InvalidDigest"),
        ({"x-amz-checksum-crc32": "AAAAAA=="}, b"BadDigest"),
    ],
)
def test_the_list_needs_its_checksum(
    alice: Any, filled: str, send: Any, headers: dict[str, str], code: bytes
) -> None:
    answer = send("POST", f"/{filled}?delete", body=BODY, headers=headers)
    assert answer.status == 400
    assert b"<Code>" + code + b"</Code>" in answer.body
    assert "a" in keys(alice, filled)


def test_a_marker_for_each_key(alice: Any, versioned: str) -> None:
    alice.put_object(Bucket=versioned, Key="a", Body=b"x")
    answer = delete(alice, versioned, {"Key": "a"}, {"Key": "never"})
    listed = alice.list_object_versions(Bucket=versioned)["DeleteMarkers"]
    assert {one["Key"]: one["DeleteMarkerVersionId"] for one in answer["Deleted"]} == {
        one["Key"]: one["VersionId"] for one in listed
    }
    assert all(one["DeleteMarker"] for one in answer["Deleted"])
    assert all("VersionId" not in one for one in answer["Deleted"])


def test_versions_go_for_good(alice: Any, versioned: str) -> None:
    old = alice.put_object(Bucket=versioned, Key="a", Body=b"1")["VersionId"]
    marker = alice.delete_object(Bucket=versioned, Key="a")["VersionId"]
    answer = delete(
        alice,
        versioned,
        {"Key": "a", "VersionId": marker},
        {"Key": "a", "VersionId": old},
        {"Key": "a", "VersionId": "nope"},
    )
    assert answer["Deleted"] == [
        {
            "Key": "a",
            "VersionId": marker,
            "DeleteMarker": True,
            "DeleteMarkerVersionId": marker,
        },
        {"Key": "a", "VersionId": old},
        {"Key": "a", "VersionId": "nope"},
    ]
    assert "Versions" not in alice.list_object_versions(Bucket=versioned)


def test_each_key_has_its_own_conditions(alice: Any, filled: str) -> None:
    found = alice.head_object(Bucket=filled, Key="a")
    time = found["LastModified"]
    wrong: list[dict[str, Any]] = [
        {"Key": "a", "ETag": '"other"'},
        {"Key": "a", "Size": 2},
        {"Key": "a", "LastModifiedTime": time - timedelta(hours=1)},
    ]
    answer = delete(alice, filled, *wrong)
    assert [one["Code"] for one in answer["Errors"]] == ["PreconditionFailed"] * 3
    assert "a" in keys(alice, filled)
    right = {"Key": "a", "ETag": found["ETag"], "Size": 1, "LastModifiedTime": time}
    assert delete(alice, filled, right)["Deleted"] == [{"Key": "a"}]


def test_locked_versions_stay(alice: Any, locked: str) -> None:
    until = datetime.now(UTC) + timedelta(days=1)
    kept = alice.put_object(
        Bucket=locked,
        Key="kept",
        Body=b"x",
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate=until,
    )["VersionId"]
    free = alice.put_object(Bucket=locked, Key="free", Body=b"x")["VersionId"]
    both = [{"Key": "kept", "VersionId": kept}, {"Key": "free", "VersionId": free}]
    answer = delete(alice, locked, *both)
    (error,) = answer["Errors"]
    assert (error["Key"], error["VersionId"], error["Code"]) == ("kept", kept, "AccessDenied")
    assert [one["Key"] for one in answer["Deleted"]] == ["free"]
    answer = delete(alice, locked, both[0], BypassGovernanceRetention=True)
    assert [one["Key"] for one in answer["Deleted"]] == ["kept"]


def test_each_key_is_authorised_by_itself(alice: Any, bob: Any, filled: str, server: Any) -> None:
    alice.put_bucket_policy(
        Bucket=filled,
        Policy=f"""{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow",
            "Principal": {{"CanonicalUser": "{server.bob.canonical_id}"}},
            "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::{filled}/b/*"}}]}}""",
    )
    answer = delete(bob, filled, {"Key": "a"}, {"Key": "b/c"})
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("a", "AccessDenied")]
    assert [one["Key"] for one in answer["Deleted"]] == ["b/c"]
    assert keys(alice, filled) == ["a", "ü & <d>"]


def test_a_key_that_is_too_long(alice: Any, filled: str) -> None:
    answer = delete(alice, filled, {"Key": "x" * 1025}, {"Key": "a"})
    assert [one["Code"] for one in answer["Errors"]] == ["KeyTooLongError"]
    assert [one["Key"] for one in answer["Deleted"]] == ["a"]
