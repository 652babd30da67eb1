"""Signing against AWS's published examples and against botocore."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any
from unittest import mock
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.core.errors import InvalidArgument
from holdall.s3 import signing
from holdall.s3.signing import EMPTY_SHA256, UNSIGNED_PAYLOAD, Chain, Credentials, Scope
from tests.s3.refusals import KEY, SECRET

CREDENTIALS = Credentials(KEY, SECRET)
NOW = datetime(2013, 5, 24, tzinfo=UTC)
SCOPE = Scope("20130524", "us-east-1", "s3")
HOST = {"host": "examplebucket.s3.amazonaws.com"}


def sign(method: str, path: str, query: str, headers: dict[str, str], payload: str) -> str:
    added = signing.sign_headers(
        CREDENTIALS, method, path, query, headers, payload, "us-east-1", "s3", NOW
    )
    return added["authorization"].rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "payload", "expected"),
    [
        (
            "GET",
            "/test.txt",
            "",
            {"range": "bytes=0-9"},
            EMPTY_SHA256,
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test%24file.text",
            "",
            {
                "date": "Fri, 24 May 2013 00:00:00 GMT",
                "x-amz-storage-class": "REDUCED_REDUNDANCY",
            },
            hashlib.sha256(b"Welcome to Amazon S3.").hexdigest(),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            "GET",
            "/",
            "lifecycle",
            {},
            EMPTY_SHA256,
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "GET",
            "/",
            "prefix=J&max-keys=2",
            {},
            EMPTY_SHA256,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
    ids=["get", "put", "lifecycle", "list"],
)
def test_the_published_examples(
    method: str, path: str, query: str, headers: dict[str, str], payload: str, expected: str
) -> None:
    assert sign(method, path, query, {**HOST, **headers}, payload) == expected


def test_the_published_presigned_address() -> None:
    added = signing.presign(
        CREDENTIALS, "GET", "/test.txt", "", HOST, 86400, "us-east-1", "s3", NOW
    )
    assert added["X-Amz-Credential"] == f"{KEY}/20130524/us-east-1/s3/aws4_request"
    assert (
        added["X-Amz-Signature"]
        == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


def test_the_published_chain_of_chunks() -> None:
    seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    chain = Chain(signing.signing_key(SECRET, SCOPE), "20130524T000000Z", SCOPE, seed)
    chunks = (b"a" * 65536, b"a" * 1024, b"")
    assert [chain.chunk(hashlib.sha256(chunk).hexdigest()) for chunk in chunks] == [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ]


@pytest.mark.parametrize(
    ("changes", "word", "seed", "first"),
    [
        (
            {"content-length": "66824"},
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
            "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        ),
        (
            {"x-amz-trailer": "x-amz-checksum-crc32c"},
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        ),
    ],
    ids=["plain", "trailer"],
)
def test_the_published_requests_in_chunks(
    changes: dict[str, str], word: str, seed: str, first: str
) -> None:
    headers = {
        "host": "s3.amazonaws.com",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "66560",
        **changes,
    }
    path = "/examplebucket/chunkObject.txt"
    added = signing.sign_headers(
        CREDENTIALS, "PUT", path, "", headers, word, "us-east-1", "s3", NOW
    )
    assert added["authorization"].endswith(seed)
    chain = signing.chain_of(CREDENTIALS, added, "us-east-1", "s3")
    assert chain.chunk(hashlib.sha256(b"a" * 65536).hexdigest()) == first


def test_the_published_trailer() -> None:
    seed = "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"
    chain = Chain(signing.signing_key(SECRET, SCOPE), "20130524T000000Z", SCOPE, seed)
    assert (
        chain.trailer(b"x-amz-checksum-crc32c:sOO8/Q==\n")
        == "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
    )


def test_credentials_do_not_show_their_secrets() -> None:
    text = repr(Credentials("AKID", "hidden-secret", "hidden-token"))
    assert "AKID" in text
    assert "hidden" not in text


def test_a_session_token_is_signed() -> None:
    added = signing.sign_headers(
        Credentials(KEY, SECRET, "token"), "GET", "/", "", HOST, EMPTY_SHA256, "r", "s3", NOW
    )
    assert added["x-amz-security-token"] == "token"
    assert "x-amz-security-token" in added["authorization"]


@pytest.mark.parametrize("expires", [0, -1, 604801])
def test_an_address_is_valid_for_a_second_to_a_week(expires: int) -> None:
    with pytest.raises(InvalidArgument):
        signing.presign(CREDENTIALS, "GET", "/", "", HOST, expires, "r", "s3", NOW)


def test_nothing_is_signed_without_its_host() -> None:
    with pytest.raises(InvalidArgument):
        signing.sign_headers(CREDENTIALS, "GET", "/", "", {}, EMPTY_SHA256, "r", "s3", NOW)
    with pytest.raises(InvalidArgument):
        signing.presign(CREDENTIALS, "GET", "/", "", {}, 60, "r", "s3", NOW)


def test_what_proxies_change_is_not_signed() -> None:
    names = ["host", "user-agent", "expect", "connection", "x-amz-acl", "range"]
    assert signing.signed_names(names) == ("host", "range", "x-amz-acl")


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        (b"/a//b/../c/./", b"/a//b/../c/./"),
        (b"/%2f%7e%41+%20", b"//~A%2B%20"),
        ("/é\x00".encode(), b"/%C3%A9%00"),
        (b"/100%", b"/100%25"),
    ],
)
def test_paths_are_escaped_once_and_not_normalised(raw: bytes, canonical: bytes) -> None:
    assert signing.canonical_path(raw) == canonical


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        (b"b&a=2&a=1&A=3", b"A=3&a=1&a=2&b="),
        (b"p=a/b+c%2Bd", b"p=a%2Fb%20c%2Bd"),
        (b"&&x==y", b"x=%3Dy"),
        (b"", b""),
    ],
)
def test_queries_are_escaped_and_sorted(raw: bytes, canonical: bytes) -> None:
    assert signing.canonical_query(raw) == canonical


def test_spaces_of_header_values_collapse() -> None:
    assert signing.canonical_value("  a   b c ") == "a b c"


# --- botocore as the oracle ---------------------------------------------------------------

_value = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)
_name = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=10)
_headers = st.dictionaries(_name.map("x-amz-meta-{}".format) | st.just("content-type"), _value)
_key = st.binary(max_size=20)
_pairs = st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=4)


def _escape(text: str | bytes, safe: str = "-_.~") -> str:
    return quote(text, safe=safe)


def _botocore(
    kind: str, method: str, path: str, query: str, headers: dict[str, str], payload: str, token: Any
) -> dict[str, str]:
    auth = pytest.importorskip("botocore.auth")
    awsrequest = pytest.importorskip("botocore.awsrequest")
    credentials = pytest.importorskip("botocore.credentials").Credentials(KEY, SECRET, token)
    url = f"https://bucket.example{path}" + (f"?{query}" if query else "")
    request = awsrequest.AWSRequest(method=method, url=url, headers=headers)
    request.context["payload_signing_enabled"] = True
    signer = getattr(auth, kind)(credentials, "s3", "eu-west-1")
    with (
        mock.patch.object(auth, "get_current_datetime", return_value=NOW),
        mock.patch.object(auth.S3SigV4Auth, "payload", return_value=payload),
    ):
        signer.add_auth(request)
    return {**{name.lower(): value for name, value in request.headers.items()}, "": request.url}


@given(
    method=st.sampled_from(["GET", "PUT", "HEAD", "DELETE", "POST"]),
    key=_key,
    pairs=_pairs,
    headers=_headers,
    payload=st.sampled_from([EMPTY_SHA256, UNSIGNED_PAYLOAD]),
    token=st.none() | st.just("the/token=="),
)
def test_headers_are_signed_as_botocore_signs_them(
    method: str,
    key: bytes,
    pairs: dict[str, str],
    headers: dict[str, str],
    payload: str,
    token: str | None,
) -> None:
    path = "/" + _escape(key, "/-_.~")
    query = "&".join(f"{_escape(name)}={_escape(value)}" for name, value in pairs.items())
    theirs = _botocore("S3SigV4Auth", method, path, query, headers, payload, token)
    ours = signing.sign_headers(
        Credentials(KEY, SECRET, token),
        method,
        path,
        query,
        {"host": "bucket.example", **headers},
        payload,
        "eu-west-1",
        "s3",
        NOW,
    )
    assert ours["authorization"] == theirs["authorization"]


@given(key=_key, pairs=_pairs, token=st.none() | st.just("the/token=="))
def test_addresses_are_signed_as_botocore_signs_them(
    key: bytes, pairs: dict[str, str], token: str | None
) -> None:
    path = "/" + _escape(key, "/-_.~")
    pairs = {name: value for name, value in pairs.items() if value}
    query = "&".join(f"{_escape(name)}={_escape(value)}" for name, value in pairs.items())
    theirs = _botocore("S3SigV4QueryAuth", "GET", path, query, {}, "", token)[""]
    ours = signing.presign(
        Credentials(KEY, SECRET, token),
        "GET",
        path,
        query,
        {"host": "bucket.example"},
        3600,
        "eu-west-1",
        "s3",
        NOW,
    )
    assert theirs.endswith(ours["X-Amz-Signature"])
