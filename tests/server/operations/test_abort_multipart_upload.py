from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def upload(alice: Any, bucket: str) -> str:
    return str(alice.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"])


def test_nothing_is_left(alice: Any, bucket: str, upload: str, refused: Any) -> None:
    alice.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"abc")
    answer = alice.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert "Uploads" not in alice.list_multipart_uploads(Bucket=bucket)
    with refused("NoSuchUpload", 404):
        alice.list_parts(Bucket=bucket, Key="k", UploadId=upload)
    alice.delete_bucket(Bucket=bucket)


@pytest.mark.parametrize("id", ["nope", "", "0" * 32])
def test_an_upload_that_is_not_there(bucket: str, send: Any, id: str) -> None:
    answer = send("DELETE", f"/{bucket}/k?uploadId={id}")
    assert answer.status == 404
    assert b"<Code>NoSuchUpload</Code>" in answer.body


def test_twice(alice: Any, bucket: str, upload: str, refused: Any) -> None:
    alice.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
    with refused("NoSuchUpload", 404):
        alice.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)


def test_others_may_not(alice: Any, bob: Any, bucket: str, upload: str, refused: Any) -> None:
    with refused("AccessDenied", 403):
        bob.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
    assert alice.list_multipart_uploads(Bucket=bucket)["Uploads"]


def test_who_started_it_may_end_it(alice: Any, bob: Any, bucket: str, server: Any) -> None:
    alice.put_bucket_acl(Bucket=bucket, GrantWrite=f"id={server.bob.canonical_id}")
    upload = bob.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    alice.put_bucket_acl(Bucket=bucket, ACL="private")
    bob.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
