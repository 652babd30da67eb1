from __future__ import annotations

import pytest


def restore(client, bucket, **request):
    return client.restore_object(Bucket=bucket, Key="key", RestoreRequest={"Days": 1, **request})


def test_what_is_in_no_archive(alice, bucket, refused):
    alice.put_object(Bucket=bucket, Key="key", Body=b"x", StorageClass="STANDARD_IA")
    with refused("InvalidObjectState", 403) as refusal:
        restore(alice, bucket)
    assert refusal.error["StorageClass"] == "STANDARD_IA"


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_what_is_called_archived_is_there_already(alice, bucket, storage_class):
    alice.put_object(Bucket=bucket, Key="key", Body=b"x", StorageClass=storage_class)
    assert restore(alice, bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert alice.get_object(Bucket=bucket, Key="key")["Body"].read() == b"x"


def test_no_such_key(alice, bucket, refused):
    with refused("NoSuchKey", 404):
        restore(alice, bucket)


def test_a_query(alice, bucket, refused):
    with refused("NotImplemented", 501):
        restore(alice, bucket, Type="SELECT")


@pytest.mark.parametrize(
    "body", [b"<RestoreRequest/>", b"<RestoreRequest><Days>0</Days></RestoreRequest>"]
)
def test_malformed(send, bucket, body):
    answer = send("POST", f"/{bucket}/key?restore", body=body)
    assert answer.status == 400
    assert b"<Code>MalformedXML</Code>" in answer.body


def test_strangers(bob, bucket, refused):
    with refused("AccessDenied", 403):
        restore(bob, bucket)
