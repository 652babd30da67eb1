"""Signed addresses, and what is wrong with signatures."""

from __future__ import annotations

import datetime
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from holdall.testing.server import Account

from .conftest import ask, client_of, sign


@pytest.fixture
def fetch(server):
    """Ask for a signed address."""

    def fetch(method, url, body=b"", headers=None):
        found = urlsplit(url)
        return ask(server, method, f"{found.path}?{found.query}", body, headers or {})

    return fetch


@pytest.fixture
def url_of(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"content")
    signing = client_of(server, server.alice, signature_version="s3v4")

    def url_of(method="get_object", expires=100, **options):
        named = {"Bucket": bucket, "Key": "k"} | options
        return signing.generate_presigned_url(method, Params=named, ExpiresIn=expires)

    return url_of


def test_reading(fetch, url_of):
    assert "X-Amz-Signature" in url_of()
    answer = fetch("GET", url_of())
    assert (answer.status, answer.body) == (200, b"content")
    assert fetch("HEAD", url_of("head_object")).status == 200


def test_writing_and_deleting(fetch, url_of, s3, bucket):
    url = url_of("put_object", Key="new")
    assert fetch("PUT", url, b"by address").status == 200
    assert s3.get_object(Bucket=bucket, Key="new")["Body"].read() == b"by address"
    assert fetch("DELETE", url_of("delete_object", Key="new")).status == 204


def test_writing_with_a_signed_type(fetch, url_of):
    url = url_of("put_object", ContentType="text/x")
    assert fetch("PUT", url, b"1", {"Content-Type": "text/x"}).status == 200
    assert fetch("PUT", url, b"1", {"Content-Type": "text/y"}).refusal == (
        "SignatureDoesNotMatch",
        403,
    )


def test_the_headers_of_the_answer(fetch, url_of):
    url = url_of(ResponseContentDisposition='attachment; filename="a b.txt"')
    assert fetch("GET", url).headers["content-disposition"] == 'attachment; filename="a b.txt"'


@pytest.mark.parametrize("key", ["a b+c", "ä/ö", "a//b", "%41", "~", "a'(b)*!"])
def test_odd_keys(fetch, url_of, s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert fetch("GET", url_of(Key=key)).body == key.encode()


def test_another_method(fetch, url_of):
    assert fetch("DELETE", url_of()).refusal == ("SignatureDoesNotMatch", 403)


def test_another_key(fetch, url_of):
    assert fetch("GET", url_of().replace("/k?", "/l?")).refusal == ("SignatureDoesNotMatch", 403)


def test_another_query(fetch, url_of):
    assert fetch("GET", url_of() + "&versionId=null").refusal == ("SignatureDoesNotMatch", 403)


@pytest.mark.parametrize(
    ("expires", "refusals"),
    [
        (0, {("AccessDenied", 403), ("AuthorizationQueryParametersError", 400)}),
        (604801, {("AuthorizationQueryParametersError", 400)}),
        (-7, {("AuthorizationQueryParametersError", 400)}),
    ],
)
def test_times_that_are_none(server, fetch, bucket, expires, refusals):
    request = AWSRequest("GET", f"{server.endpoint}/{bucket}/k")
    keys = Credentials(server.alice.access_key, server.alice.secret_key)
    S3SigV4QueryAuth(keys, "s3", "us-east-1", expires=expires).add_auth(request)
    assert fetch("GET", request.prepare().url).refusal in refusals


def test_a_week_is_the_most(fetch, url_of):
    assert fetch("GET", url_of(expires=604800)).status == 200


def test_an_address_that_has_expired(server, fetch, url_of, monkeypatch):
    url = url_of(expires=10)
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=30)
    monkeypatch.setattr(server.state, "now", lambda: later)
    answer = fetch("GET", url)
    assert answer.refusal == ("AccessDenied", 403)
    assert b"Request has expired" in answer.body


def test_an_address_and_a_header(fetch, url_of):
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}
    assert fetch("GET", url_of(), headers=headers).refusal == ("InvalidArgument", 400)


@pytest.mark.parametrize(
    "name",
    ["X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"],
)
def test_a_parameter_that_is_missing(fetch, url_of, name):
    url = url_of()
    found = urlsplit(url)
    query = "&".join(pair for pair in found.query.split("&") if not pair.startswith(name + "="))
    answer = fetch("GET", url.replace(found.query, query))
    assert answer.refusal == ("AuthorizationQueryParametersError", 400)


def test_an_unknown_key(server, send, bucket):
    stranger = Account("x", "AKNOBODY", "secret", "")
    answer = send("GET", f"/{bucket}", account=stranger)
    assert answer.refusal == ("InvalidAccessKeyId", 403)


def test_a_wrong_secret(server, send, bucket):
    impostor = Account("alice", server.alice.access_key, "wrong", "")
    answer = send("GET", f"/{bucket}", account=impostor)
    assert answer.refusal == ("SignatureDoesNotMatch", 403)
    assert b"wrong" not in answer.body


@pytest.mark.parametrize(("region", "service"), [("eu-west-1", "s3"), ("us-east-1", "ec2")])
def test_a_wrong_scope(server, bucket, region, service):
    headers = sign(server, server.alice, "GET", f"/{bucket}", b"", {})
    headers["Authorization"] = headers["Authorization"].replace(
        "/us-east-1/s3/", f"/{region}/{service}/"
    )
    answer = ask(server, "GET", f"/{bucket}", b"", headers)
    assert answer.refusal in {
        ("AuthorizationHeaderMalformed", 400),
        ("SignatureDoesNotMatch", 403),  # of a server that lets clients name any region
    }


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_wrong_clock(server, send, bucket, monkeypatch, minutes):
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    monkeypatch.setattr(server.state, "now", lambda: now)
    assert send("GET", f"/{bucket}").refusal == ("RequestTimeTooSkewed", 403)


@pytest.mark.parametrize(
    ("header", "refusals"),
    [
        ("AWS4-HMAC-SHA256", {("AuthorizationHeaderMalformed", 400)}),
        ("AWS4-HMAC-SHA256 Credential=a/b", {("AuthorizationHeaderMalformed", 400)}),
        ("AWS4-HMAC-SHA512 Credential=a/b", {("InvalidArgument", 400), ("InvalidRequest", 400)}),
        ("Basic YTpi", {("InvalidArgument", 400), ("AccessDenied", 403)}),
        ("", {("AccessDenied", 403)}),
        (None, {("AccessDenied", 403)}),
    ],
)
def test_a_header_that_is_no_signature(send, bucket, header, refusals):
    assert send("PUT", f"/{bucket}/k", b"1", late={"Authorization": header}).refusal in refusals


def test_an_old_signature_is_not_taken(send, bucket):
    late = {"Authorization": "AWS AKALICE:c2lnbmF0dXJl"}
    answer = send("GET", f"/{bucket}", account=None, late=late)
    assert answer.refusal in {("InvalidRequest", 400), ("AccessDenied", 403)}


def test_a_changed_header(send, bucket):
    answer = send("PUT", f"/{bucket}/k", b"1", {"x-amz-meta-a": "1"}, late={"x-amz-meta-a": "2"})
    assert answer.refusal == ("SignatureDoesNotMatch", 403)


def test_a_header_that_was_not_signed(send, bucket):
    """Every x-amz- header that is sent must be signed (SigV4 of S3)."""
    answer = send("PUT", f"/{bucket}/k", b"1", late={"x-amz-acl": "public-read"})
    assert answer.refusal == ("AccessDenied", 403)


def test_a_request_without_a_hash(send, bucket):
    answer = send("GET", f"/{bucket}", late={"X-Amz-Content-SHA256": None})
    assert answer.status in (400, 403)
