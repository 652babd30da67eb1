"""CORS: the configuration, the preflight, and the headers of answers."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

RULE = {
    "AllowedMethods": ["GET", "PUT"],
    "AllowedOrigins": ["https://*.example.com", "https://exact.org"],
    "AllowedHeaders": ["x-amz-*", "content-type"],
    "ExposeHeaders": ["ETag", "x-amz-version-id"],
    "MaxAgeSeconds": 100,
}
HERE = "https://app.example.com"


@pytest.fixture
def shared(s3, bucket):
    """A bucket that pages of some origins may use, with a public object `k`."""
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULE]})
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", ACL="public-read")
    return bucket


def preflight(send, bucket, origin=HERE, method="GET", **headers):
    asked = {"Origin": origin, "Access-Control-Request-Method": method} | headers
    return send("OPTIONS", f"/{bucket}/k", headers=asked, account=None)


def test_a_configuration_is_kept_and_deleted(s3, bucket, refused):
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULE]})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [RULE]
    s3.delete_bucket_cors(Bucket=bucket)
    with refused("NoSuchCORSConfiguration", 404):
        s3.get_bucket_cors(Bucket=bucket)


def test_a_preflight(send, shared):
    headers = {"Access-Control-Request-Headers": "x-amz-date, Content-Type"}
    answer = preflight(send, shared, method="PUT", **headers)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == HERE
    assert "PUT" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert "x-amz-date" in allowed
    assert "content-type" in allowed
    assert answer.headers["access-control-max-age"] == "100"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [
        ("https://example.com", "GET", {}),
        ("http://app.example.com", "GET", {}),
        ("https://exact.org.evil", "GET", {}),
        (HERE, "DELETE", {}),
        (HERE, "GET", {"Access-Control-Request-Headers": "authorization"}),
    ],
)
def test_a_preflight_that_is_refused(send, shared, origin, method, headers):
    answer = preflight(send, shared, origin, method, **headers)
    assert answer.refusal == ("AccessForbidden", 403)
    assert "access-control-allow-origin" not in answer.headers


def test_a_preflight_without_a_configuration(send, bucket):
    assert preflight(send, bucket).refusal == ("AccessForbidden", 403)


@pytest.mark.parametrize("missing", ["Origin", "Access-Control-Request-Method"])
def test_a_preflight_that_lacks_something(send, shared, missing):
    asked = {"Origin": HERE, "Access-Control-Request-Method": "GET"}
    del asked[missing]
    answer = send("OPTIONS", f"/{shared}/k", headers=asked, account=None)
    assert answer.refusal == ("BadRequest", 400)


def test_a_method_that_is_none(send, shared):
    assert preflight(send, shared, method="TEACH").status in (400, 403)


def test_an_answer_to_a_page(send, shared):
    answer = send("GET", f"/{shared}/k", headers={"Origin": HERE}, account=None)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == HERE
    assert "ETag" in answer.headers["access-control-expose-headers"]
    assert "Origin" in answer.headers["vary"]


def test_refusals_can_be_read_by_a_page_too(send, shared):
    answer = send("GET", f"/{shared}/absent", headers={"Origin": HERE})
    assert answer.status == 404
    assert answer.headers["access-control-allow-origin"] == HERE


def test_an_answer_to_another_page(send, shared):
    answer = send("GET", f"/{shared}/k", headers={"Origin": "https://evil.org"}, account=None)
    assert answer.status == 200
    assert "access-control-allow-origin" not in answer.headers


def test_any_origin(s3, send, shared):
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
    s3.put_bucket_cors(Bucket=shared, CORSConfiguration={"CORSRules": [rule]})
    answer = send("GET", f"/{shared}/k", headers={"Origin": "https://any.org"}, account=None)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    answer = send("GET", f"/{shared}/k", account=None)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"AllowedMethods": ["PATCH"]}, "InvalidRequest"),
        ({"AllowedMethods": []}, "MalformedXML"),
        ({"AllowedOrigins": []}, "MalformedXML"),
        ({"AllowedOrigins": ["https://*.a.*"]}, "InvalidRequest"),
        ({"AllowedHeaders": ["x-*-*"]}, "InvalidRequest"),
        ({"ExposeHeaders": ["x-*"]}, "InvalidRequest"),
    ],
)
def test_rules_that_are_none(s3, bucket, refused, change, code):
    with refused(code, 400):
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULE | change]})


@pytest.mark.parametrize("count", [0, 101])
def test_none_or_too_many_rules(s3, bucket, count):
    with pytest.raises(ClientError) as found:
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULE] * count})
    assert found.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert found.value.response["Error"]["Code"] in ("MalformedXML", "InvalidRequest")
