from __future__ import annotations

import pytest


def put(client, bucket, *pairs):
    tags = [{"Key": name, "Value": value} for name, value in pairs]
    client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})


def get(client, bucket):
    return {tag["Key"]: tag["Value"] for tag in client.get_bucket_tagging(Bucket=bucket)["TagSet"]}


def test_put_replaces(alice, bucket):
    put(alice, bucket, ("a", "1"), ("b", ""))
    assert get(alice, bucket) == {"a": "1", "b": ""}
    put(alice, bucket, ("ключ", "значение"))
    assert get(alice, bucket) == {"ключ": "значение"}


def test_a_new_bucket_has_none(alice, bucket, refused):
    with refused("NoSuchTagSet", 404) as refusal:
        get(alice, bucket)
    assert refusal.error["BucketName"] == bucket


def test_an_empty_set_is_none(alice, bucket, refused):
    put(alice, bucket, ("a", "1"))
    put(alice, bucket)
    with refused("NoSuchTagSet", 404):
        get(alice, bucket)


def test_delete_is_harmless_twice(alice, bucket, refused):
    put(alice, bucket, ("a", "1"))
    for _ in range(2):
        answer = alice.delete_bucket_tagging(Bucket=bucket)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchTagSet", 404):
        get(alice, bucket)


def test_fifty_and_no_more(alice, bucket, refused):
    put(alice, bucket, *((f"tag{number}", "x") for number in range(50)))
    assert len(get(alice, bucket)) == 50
    with refused("BadRequest", 400):
        put(alice, bucket, *((f"tag{number}", "x") for number in range(51)))
    assert len(get(alice, bucket)) == 50


@pytest.mark.parametrize(
    "pairs",
    [
        [("a", "1"), ("a", "2")],
        [("a,b", "1")],
        [("a", "1,2")],
        [("aws:a", "1")],
        [("x" * 129, "1")],
        [("x", "1" * 257)],
    ],
)
def test_what_is_no_tag(alice, bucket, refused, pairs):
    with refused("InvalidTag", 400):
        put(alice, bucket, *pairs)


@pytest.mark.parametrize(
    "body",
    [
        b"<Tagging/>",
        b"<Tagging><TagSet><Label/></TagSet></Tagging>",
        b"<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>",
        b"<Tagging><TagSet><Tag><Value>a</Value></Tag></TagSet></Tagging>",
        b"<TagSet/>",
        b"nonsense",
    ],
)
def test_malformed_documents(send, bucket, body):
    answer = send("PUT", f"/{bucket}?tagging", body=body)
    assert answer.status == 400
    assert b"<Code>MalformedXML</Code>" in answer.body


def test_a_tag_has_a_name(send, bucket):
    tag = b"<Tag><Key></Key><Value>1</Value></Tag>"
    answer = send("PUT", f"/{bucket}?tagging", body=b"<Tagging><TagSet>%s</TagSet></Tagging>" % tag)
    assert answer.status == 400
    assert b"<Code>InvalidTag</Code>" in answer.body
