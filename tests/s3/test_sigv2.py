"""Signature Version 2 against its published examples and against botocore."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.s3 import sigv2
from holdall.s3.errors import S3Error
from tests.s3.refusals import KEY, NOW, SECRET, refused

DATE = "Fri, 24 May 2013 12:00:00 GMT"


def verify(
    method: str,
    path: bytes,
    query: bytes,
    headers: dict[str, str],
    *,
    now: datetime = NOW,
    secret: str = SECRET,
    bucket: str | None = None,
) -> None:
    pairs = dict(parse_qsl(query.decode(), keep_blank_values=True))
    claim = sigv2.claim(headers, pairs)
    assert claim is not None
    sigv2.verify(claim, method, path, query, headers, secret, now, bucket=bucket)


@pytest.mark.parametrize(
    ("method", "path", "query", "bucket", "headers", "proof"),
    [
        (
            "GET",
            b"/photos/puppy.jpg",
            b"",
            "awsexamplebucket1",
            {"date": "Tue, 27 Mar 2007 19:36:42 +0000"},
            "qgk2+6Sv9/oM7G3qLEjTH1a1l1g=",
        ),
        (
            "PUT",
            b"/photos/puppy.jpg",
            b"",
            "awsexamplebucket1",
            {"date": "Tue, 27 Mar 2007 21:15:45 +0000", "content-type": "image/jpeg"},
            "iqRzw+ileNPu1fhspnRs8nOjjIA=",
        ),
        (
            "GET",
            b"/",
            b"prefix=photos&max-keys=50&marker=puppy",
            "awsexamplebucket1",
            {"date": "Tue, 27 Mar 2007 19:42:41 +0000"},
            "m0WP8eCtspQl5Ahe6L1SozdX9YA=",
        ),
        (
            "GET",
            b"/",
            b"acl",
            "awsexamplebucket1",
            {"date": "Tue, 27 Mar 2007 19:44:46 +0000"},
            "82ZHiFIjc+WbcwFKGUVEQspPn+0=",
        ),
    ],
    ids=["get", "put", "list", "subresource"],
)
def test_the_published_examples(
    method: str, path: bytes, query: bytes, bucket: str, headers: dict[str, str], proof: str
) -> None:
    headers = {**headers, "authorization": f"AWS {KEY}:{proof}"}
    now = datetime(2007, 3, 27, 20, tzinfo=UTC)
    claim = sigv2.claim(headers, {})
    assert claim is not None
    assert claim.signed_at is not None
    now = claim.signed_at
    verify(method, path, query, headers, now=now, bucket=bucket)


def _botocore(
    kind: str, method: str, url: str, headers: dict[str, str], *extra: Any, token: str | None = None
) -> tuple[str, dict[str, str]]:
    auth = pytest.importorskip("botocore.auth")
    awsrequest = pytest.importorskip("botocore.awsrequest")
    credentials = pytest.importorskip("botocore.credentials").Credentials(KEY, SECRET, token)
    request = awsrequest.AWSRequest(method=method, url=url, headers=headers)
    signer = getattr(auth, kind)(credentials, *extra)
    with (
        mock.patch.object(auth.HmacV1Auth, "_get_date", return_value=DATE),
        mock.patch.object(auth.time, "time", return_value=NOW.timestamp()),
    ):
        signer.add_auth(request)
    return request.url, {name.lower(): value for name, value in request.headers.items()}


_text = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=10)
_subresources = st.dictionaries(
    st.sampled_from(["acl", "versionId", "uploadId", "partNumber", "prefix", "max-keys"]),
    st.text("abc/+ &=%", min_size=1, max_size=5),
    max_size=3,
)


@given(
    key=st.binary(max_size=10),
    pairs=_subresources,
    value=_text,
    token=st.none() | st.just("the/token=="),
)
def test_headers_signed_by_botocore_are_believed(
    key: bytes, pairs: dict[str, str], value: str, token: str | None
) -> None:
    query = "&".join(f"{name}={quote(text, safe='')}" for name, text in pairs.items())
    url = f"http://h/bucket/{quote(key, safe='/-_.~')}?{query}"
    given_headers = {"x-amz-meta-a": value, "x-amz-acl": "private", "content-type": "a/b"}
    url, headers = _botocore("HmacV1Auth", "PUT", url, given_headers, token=token)
    parts = urlsplit(url)
    verify("PUT", parts.path.encode(), parts.query.encode(), headers)


@pytest.mark.parametrize("token", [None, "the/token=="])
def test_addresses_signed_by_botocore_are_believed(token: str | None) -> None:
    given_headers = {"x-amz-acl": "public-read"}
    url, _ = _botocore(
        "HmacV1QueryAuth", "GET", "http://h/b/k%20k?acl", given_headers, 60, token=token
    )
    parts = urlsplit(url)
    path, query = parts.path.encode(), parts.query.encode()
    verify("GET", path, query, {"host": "h"})
    claim = sigv2.claim({}, dict(parse_qsl(parts.query, keep_blank_values=True)))
    assert claim is not None
    assert claim.session_token == token
    error = refused(
        "AccessDenied",
        lambda: verify("GET", path, query, {}, now=NOW + timedelta(seconds=61)),
    )
    assert error.message == "Request has expired"
    for other in (query.replace(b"public-read", b"private"), query.replace(b"acl&", b"")):
        refused("SignatureDoesNotMatch", lambda other=other: verify("GET", path, other, {}))


def _signed() -> dict[str, str]:
    given_headers = {"x-amz-meta-a": "1", "content-type": "a/b", "content-md5": "x"}
    return _botocore("HmacV1Auth", "PUT", "http://h/b/k?acl", given_headers)[1]


@pytest.mark.parametrize(
    ("method", "path", "query", "changes"),
    [
        ("GET", b"/b/k", b"acl", {}),
        ("PUT", b"/b/l", b"acl", {}),
        ("PUT", b"/b/k", b"", {}),
        ("PUT", b"/b/k", b"acl&uploads", {}),
        ("PUT", b"/b/k", b"acl", {"x-amz-meta-a": "2"}),
        ("PUT", b"/b/k", b"acl", {"x-amz-acl": "private"}),
        ("PUT", b"/b/k", b"acl", {"content-type": "a/c"}),
        ("PUT", b"/b/k", b"acl", {"content-md5": "y"}),
        ("PUT", b"/b/k", b"acl", {"date": "Fri, 24 May 2013 12:00:01 GMT"}),
        ("PUT", b"/b/k", b"acl", {"x-amz-date": DATE}),
    ],
)
def test_whatever_is_tampered_with_is_refused(
    method: str, path: bytes, query: bytes, changes: dict[str, str]
) -> None:
    verify("PUT", b"/b/k", b"acl", _signed())
    error = refused(
        "SignatureDoesNotMatch", lambda: verify(method, path, query, {**_signed(), **changes})
    )
    assert "CanonicalRequest" not in error.facts


def test_what_is_not_signed_may_change() -> None:
    verify("PUT", b"/b/k", b"acl&prefix=x", {**_signed(), "range": "bytes=0-1"})


def test_the_bucket_of_the_host_is_signed() -> None:
    headers = _signed()
    verify("PUT", b"/k", b"acl", headers, bucket="b")
    refused("SignatureDoesNotMatch", lambda: verify("PUT", b"/k", b"acl", headers, bucket="c"))


def test_neither_secrets_nor_signatures_are_told() -> None:
    headers = _signed()
    right = headers["authorization"].rpartition(":")[2]
    headers |= {"authorization": f"AWS {KEY}:bm9wZQ==", "x-amz-security-token": "hidden"}
    error = refused("SignatureDoesNotMatch", lambda: verify("PUT", b"/b/k", b"acl", headers))
    for text in (right, SECRET, "hidden"):
        assert text not in str(error.facts)


@pytest.mark.parametrize("seconds", [-901, 901])
def test_clocks_must_agree(seconds: int) -> None:
    now = NOW + timedelta(seconds=seconds)
    refused("RequestTimeTooSkewed", lambda: verify("PUT", b"/b/k", b"acl", _signed(), now=now))


def test_the_date_of_amazon_comes_before_the_other() -> None:
    headers = {"x-amz-date": DATE, "date": "nonsense", "authorization": f"AWS {KEY}:x"}
    claim = sigv2.claim(headers, {})
    assert claim is not None
    assert claim.date == ""
    signed = sigv2.string_to_sign(claim, "GET", b"/b/k", b"", headers)
    assert signed == f"GET\n\n\n\nx-amz-date:{DATE}\n/b/k".encode()
    headers["authorization"] = f"AWS {KEY}:{sigv2.signature(SECRET, signed)}"
    verify("GET", b"/b/k", b"", headers)


def test_other_requests_are_not_of_this_version() -> None:
    assert sigv2.claim({}, {}) is None
    assert sigv2.claim({"authorization": "AWS4-HMAC-SHA256 Credential=a"}, {}) is None
    assert sigv2.claim({}, {"Signature": "x"}) is None


@pytest.mark.parametrize("text", ["AWS", "AWS ", "AWS key", "AWS :sig", "AWS key:"])
def test_malformed_headers(text: str) -> None:
    refused("InvalidArgument", lambda: sigv2.claim({"authorization": text, "date": DATE}, {}))


@pytest.mark.parametrize("date", ["", "nonsense"])
def test_dates_that_cannot_be_read(date: str) -> None:
    headers = {"authorization": "AWS a:b", "x-amz-date": date}
    refused("AccessDenied", lambda: sigv2.claim(headers, {}))


@pytest.mark.parametrize("expires", ["", "soon", "-1", "\u0661"])
def test_expiries_that_cannot_be_read(expires: str) -> None:
    query = {"Signature": "a", "AWSAccessKeyId": "b", "Expires": expires}
    refused("AccessDenied", lambda: sigv2.claim({}, query))


@pytest.mark.parametrize("expires", ["9" * 13, "9" * 12, "9" * 5000])
def test_expiries_beyond_all_time(expires: str) -> None:
    query = {"Signature": "a", "AWSAccessKeyId": "b", "Expires": expires}
    claim = sigv2.claim({}, query)
    assert claim is not None
    assert claim.expires_at is not None
    assert claim.expires_at.year == 9999


@given(st.text(st.characters(max_codepoint=255)), st.text(max_size=20))
def test_nothing_breaks_the_reader(text: str, date: str) -> None:
    for authorization in (text, f"AWS {text}"):
        headers = {"authorization": authorization, "date": date, "x-amz-meta-a": text}
        try:
            claim = sigv2.claim(headers, {})
            if claim is not None:
                sigv2.verify(claim, "GET", b"/", b"", headers, SECRET, NOW)
        except S3Error:
            continue
