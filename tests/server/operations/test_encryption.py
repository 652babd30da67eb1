from __future__ import annotations

import pytest


def put(client, bucket, *rules):
    client.put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": list(rules)}
    )


def rule(algorithm, *, bucket_key=None, **default):
    found = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm, **default}}
    return found if bucket_key is None else found | {"BucketKeyEnabled": bucket_key}


def get(client, bucket):
    found = client.get_bucket_encryption(Bucket=bucket)
    return found["ServerSideEncryptionConfiguration"]["Rules"]


@pytest.mark.parametrize("bucket_key", [True, False])
def test_put_and_get(alice, bucket, bucket_key):
    put(alice, bucket, rule("AES256", bucket_key=bucket_key))
    assert get(alice, bucket) == [rule("AES256", bucket_key=bucket_key)]


def test_none(alice, bucket, refused):
    with refused("ServerSideEncryptionConfigurationNotFoundError", 404):
        get(alice, bucket)


def test_delete_is_harmless_twice(alice, bucket, refused):
    put(alice, bucket, rule("AES256"))
    for _ in range(2):
        answer = alice.delete_bucket_encryption(Bucket=bucket)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("ServerSideEncryptionConfigurationNotFoundError", 404):
        get(alice, bucket)


@pytest.mark.parametrize("algorithm", ["aws:kms", "aws:kms:dsse"])
def test_keys_of_a_key_service(alice, bucket, refused, algorithm):
    with refused("NotImplemented", 501):
        put(alice, bucket, rule(algorithm))


def test_a_key_that_would_not_be_used(alice, bucket, refused):
    with refused("InvalidArgument", 400):
        put(alice, bucket, rule("AES256", KMSMasterKeyID="key"))


@pytest.mark.parametrize(
    "rules", [[], [rule("AES256")] * 2, [rule("DES")], [{"BucketKeyEnabled": True}]]
)
def test_malformed(alice, bucket, refused, rules):
    with refused("MalformedXML", 400):
        put(alice, bucket, *rules)
