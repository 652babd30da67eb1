"""Whose objects are in a bucket that others may write to (`holdall.server.owning`)."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def shared(alice: Any, bucket: str, server: Any) -> str:
    """A bucket of alice's that bob may write to and list."""
    grantee = f"id={server.bob.canonical_id}"
    alice.put_bucket_acl(
        Bucket=bucket,
        GrantFullControl=f"id={server.alice.canonical_id}",
        GrantWrite=grantee,
        GrantRead=grantee,
    )
    return bucket


def owners(client: Any, bucket: str) -> dict[str, str]:
    listed = client.list_object_versions(Bucket=bucket).get("Versions", [])
    return {one["Key"]: one["Owner"]["ID"] for one in listed}


def test_uploads_and_what_comes_of_them(alice: Any, bob: Any, shared: str, server: Any) -> None:
    for client, key in ((alice, "a"), (bob, "b")):
        place = {"Bucket": shared, "Key": key}
        id = client.create_multipart_upload(**place)["UploadId"]
        part = client.upload_part(**place, UploadId=id, PartNumber=1, Body=b"x")
        listed = client.list_parts(**place, UploadId=id)
        assert listed["Initiator"] == listed["Owner"]
    uploads = alice.list_multipart_uploads(Bucket=shared)["Uploads"]
    expected = {"a": server.alice.canonical_id, "b": server.bob.canonical_id}
    for role in ("Initiator", "Owner"):
        assert {one["Key"]: one[role]["ID"] for one in uploads} == expected
    bob.complete_multipart_upload(
        **place,
        UploadId=id,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    assert owners(alice, shared) == {"b": server.bob.canonical_id}


def test_copies(alice: Any, bob: Any, shared: str, server: Any) -> None:
    alice.put_object(Bucket=shared, Key="src", Body=b"x", ACL="public-read")
    bob.copy_object(Bucket=shared, Key="k", CopySource=f"{shared}/src")
    assert owners(alice, shared)["k"] == server.bob.canonical_id


def test_a_bucket_that_enforces_its_owner(alice: Any, bob: Any, shared: str, server: Any) -> None:
    alice.put_object(Bucket=shared, Key="src", Body=b"x", ACL="public-read")
    bob.copy_object(Bucket=shared, Key="k", CopySource=f"{shared}/src")
    alice.put_bucket_acl(Bucket=shared, ACL="private")
    alice.put_bucket_ownership_controls(
        Bucket=shared,
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    )
    assert set(owners(alice, shared).values()) == {server.alice.canonical_id}
