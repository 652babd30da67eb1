from __future__ import annotations

import pytest

RULE = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}


def put(client, bucket, *rules):
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": list(rules)})


def get(client, bucket):
    return client.get_bucket_cors(Bucket=bucket)["CORSRules"]


def test_rules_come_back_as_they_were(alice, bucket):
    rules = [
        {
            "ID": "first",
            "AllowedOrigins": ["https://test.com", "http://*.test.com:80", ""],
            "AllowedMethods": ["GET", "PUT", "HEAD", "POST", "DELETE"],
            "AllowedHeaders": ["x-AMZ-*", "*"],
            "ExposeHeaders": ["ETag", "x-amz-id-2"],
            "MaxAgeSeconds": 3000,
        },
        RULE,
    ]
    put(alice, bucket, *rules)
    assert get(alice, bucket) == rules


def test_none(alice, bucket, refused):
    with refused("NoSuchCORSConfiguration", 404) as refusal:
        get(alice, bucket)
    assert refusal.error["BucketName"] == bucket


def test_delete_is_harmless_twice(alice, bucket, refused):
    put(alice, bucket, RULE)
    for _ in range(2):
        answer = alice.delete_bucket_cors(Bucket=bucket)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchCORSConfiguration", 404):
        get(alice, bucket)


@pytest.mark.parametrize(
    "change",
    [
        {"AllowedMethods": ["OPTIONS"]},
        {"AllowedMethods": ["get"]},
        {"AllowedMethods": [""]},
        {"AllowedOrigins": ["*.*"]},
        {"AllowedHeaders": ["x-*-*"]},
        {"ExposeHeaders": ["x-*"]},
    ],
)
def test_rules_that_could_not_be_kept(alice, bucket, refused, change):
    with refused("InvalidRequest", 400):
        put(alice, bucket, RULE | change)
    with refused("NoSuchCORSConfiguration", 404):
        get(alice, bucket)


@pytest.mark.parametrize(
    "change", [{"AllowedMethods": []}, {"AllowedOrigins": []}, {"MaxAgeSeconds": -1}]
)
def test_malformed_rules(alice, bucket, refused, change):
    with refused("MalformedXML", 400):
        put(alice, bucket, RULE | change)


def test_a_hundred_rules_and_no_more(alice, bucket, refused):
    put(alice, bucket, *[RULE] * 100)
    assert len(get(alice, bucket)) == 100
    with refused("MalformedXML", 400):
        put(alice, bucket, *[RULE] * 101)
    with refused("MalformedXML", 400):
        put(alice, bucket)


def test_an_id_has_255_characters_at_most(alice, bucket, refused):
    put(alice, bucket, RULE | {"ID": "x" * 255})
    with refused("InvalidArgument", 400):
        put(alice, bucket, RULE | {"ID": "x" * 256})


def test_strangers(bob, bucket, refused):
    with refused("AccessDenied", 403):
        put(bob, bucket, RULE)
    with refused("AccessDenied", 403):
        get(bob, bucket)
    with refused("AccessDenied", 403):
        bob.delete_bucket_cors(Bucket=bucket)


SITE = {"Origin": "https://example.com"}
ASKING = SITE | {"Access-Control-Request-Method": "PUT"}


def test_a_browser_signs_no_preflight(alice, bucket, send):
    assert send("OPTIONS", f"/{bucket}/key", headers=ASKING, account=None).status == 403
    put(alice, bucket, RULE | {"AllowedMethods": ["PUT"]})
    answer = send("OPTIONS", f"/{bucket}/key", headers=ASKING, account=None)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-length"] == "0"


def test_a_preflight_of_a_signed_address(alice, bucket, send):
    put(alice, bucket, RULE | {"AllowedMethods": ["PUT"]})
    url = alice.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "key"})
    path = url[url.index(f"/{bucket}/") :]
    assert send("OPTIONS", path, headers=ASKING, account=None).status == 200


def test_what_a_refused_preflight_says(bucket, send):
    answer = send("OPTIONS", f"/{bucket}/key", headers=ASKING, account=None)
    assert b"<Code>AccessForbidden</Code>" in answer.body
    assert b"<Method>PUT</Method><ResourceType>BUCKET</ResourceType>" in answer.body
    answer = send("OPTIONS", f"/{bucket}/key", account=None)
    assert answer.status == 400
    assert b"<Code>BadRequest</Code>" in answer.body


def test_actual_answers(alice, bucket, send):
    alice.put_object(Bucket=bucket, Key="key", Body=b"content")
    put(alice, bucket, RULE | {"ExposeHeaders": ["ETag"]})
    answer = send("GET", f"/{bucket}/key", headers=SITE)
    assert answer.body == b"content"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-expose-headers"] == "ETag"
    assert "access-control-allow-origin" not in send("GET", f"/{bucket}/key").headers
    assert "access-control-allow-origin" not in send("PUT", f"/{bucket}/key", headers=SITE).headers


def test_errors_can_be_read_across_origins_too(alice, bucket, send):
    put(alice, bucket, RULE)
    missing = send("GET", f"/{bucket}/missing", headers=SITE)
    assert (missing.status, missing.headers["access-control-allow-origin"]) == (404, "*")
    stranger = send("GET", f"/{bucket}/missing", headers=SITE, account=None)
    assert (stranger.status, stranger.headers["access-control-allow-origin"]) == (403, "*")
