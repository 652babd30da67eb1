"""Signatures that are wrong, old, cut short or changed in any field, over real HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from holdall.s3.signing import Credentials, presign
from holdall.server.state import now
from holdall.testing.server import Account, Running

from .sockets import Told, ask, authority, exchange, signed, spelled

BODY = b"what was signed"


@pytest.fixture(autouse=True)
def _unchanged(server: Running) -> Iterator[None]:
    """Whatever was tried, nothing came of it, and nobody learned the secret."""
    assert ask(server, server.alice, "PUT", "/box/kept", body=b"kept").status == 200
    yield
    assert ask(server, server.alice, "GET", "/box/kept").body == b"kept"
    listed = ask(server, server.alice, "GET", "/box")
    assert re.findall(rb"<Key>([^<]*)", listed.raw) == [b"kept"]


def sent(
    server: Running, headers: dict[str, str], target: str = "/box/new", body: bytes = BODY
) -> Told:
    told = exchange(server, spelled("PUT", target, headers), body)
    assert server.alice.secret_key.encode() not in told.raw
    return told


def good(server: Running, account: Account | None = None, **options: object) -> dict[str, str]:
    return signed(server, account or server.alice, "PUT", "/box/new", body=BODY, **options)  # type: ignore[arg-type]


def test_it_is_good_as_it_is(server: Running):
    """Else nothing below would prove anything."""
    assert sent(server, good(server)).status == 200
    assert ask(server, server.alice, "DELETE", "/box/new").status == 204


# what the Authorization header says


def changed(server: Running, pattern: str, text: str) -> dict[str, str]:
    headers = good(server)
    found, count = re.subn(pattern, text, headers["authorization"])
    assert count == 1
    return headers | {"authorization": found}


TAMPERED = [
    ("Credential=[^/]*", "Credential=AKNOBODYNOBODYNOBODY", "InvalidAccessKeyId"),
    ("Credential=[^/]*", "Credential=AKBOBAAAAAAAAAAAAAAA", "SignatureDoesNotMatch"),
    ("Credential=[^/]*", "Credential=", "AuthorizationHeaderMalformed"),
    (r"/\d{8}/", "/20200101/", "AuthorizationHeaderMalformed"),
    ("/us-east-1/", "/eu-west-1/", "SignatureDoesNotMatch"),
    ("/s3/", "/sts/", "AuthorizationHeaderMalformed"),
    ("aws4_request", "aws5_request", "AuthorizationHeaderMalformed"),
    ("SignedHeaders=[^,]*", "SignedHeaders=host", "AccessDenied"),
    ("SignedHeaders=[^,]*", "SignedHeaders=", None),
    ("SignedHeaders=", "SignedHeaders=accept;", "SignatureDoesNotMatch"),
    ("Signature=.{4}", "Signature=0000", "SignatureDoesNotMatch"),
    ("Signature=(.*).$", r"Signature=\1", "SignatureDoesNotMatch"),
    ("Signature=.*$", "Signature=", None),
    ("Signature=.*$", "Signature=" + "0" * 64, "SignatureDoesNotMatch"),
    (", Signature=.*$", "", "AuthorizationHeaderMalformed"),
    ("Credential=[^,]*, ", "", "AuthorizationHeaderMalformed"),
    ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1", None),
    ("^.*$", "AWS4-HMAC-SHA256", "AuthorizationHeaderMalformed"),
    ("^.*$", "AWS AK:c2lnbmF0dXJl", None),
    ("^.*$", "Basic YTpi", None),
]


@pytest.mark.parametrize(("pattern", "text", "code"), TAMPERED)
def test_each_field(server: Running, pattern: str, text: str, code: str | None):
    told = sent(server, changed(server, pattern, text))
    assert told.status in (400, 403)
    assert told.code is not None
    assert code is None or told.code == code


# what it covers


@pytest.mark.parametrize("name", ["x-amz-date", "x-amz-content-sha256", "host", "content-length"])
def test_a_signed_header_that_was_changed(server: Running, name: str):
    other = {
        "x-amz-date": (now() - timedelta(seconds=61)).strftime("%Y%m%dT%H%M%SZ"),
        "x-amz-content-sha256": "0" * 64,
        "host": "elsewhere.test",
        "content-length": str(len(BODY) - 1),
    }
    told = sent(server, good(server) | {name: other[name]})
    assert (told.status, told.code) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("name", ["x-amz-date", "x-amz-content-sha256"])
def test_a_signed_header_that_was_taken_away(server: Running, name: str):
    headers = good(server)
    del headers[name]
    assert sent(server, headers).status in (400, 403)


@pytest.mark.parametrize(
    "name", ["x-amz-acl", "x-amz-copy-source", "x-amz-meta-a", "x-amz-tagging"]
)
def test_a_header_that_was_added(server: Running, name: str):
    told = sent(server, good(server) | {name: "public-read"})
    assert told.status == 403
    assert told.code in ("AccessDenied", "SignatureDoesNotMatch")


def test_another_body(server: Running):
    told = sent(server, good(server), body=BODY[::-1])
    assert (told.status, told.code) == (400, "XAmzContentSHA256Mismatch")


@pytest.mark.parametrize(
    "target", ["/box/other", "/box/new?acl", "/box/new?versionId=null", "/box"]
)
def test_another_target(server: Running, target: str):
    told = sent(server, good(server), target)
    assert (told.status, told.code) == (403, "SignatureDoesNotMatch")


def test_another_method(server: Running):
    told = exchange(server, spelled("DELETE", "/box/kept", good(server)), b"")
    assert (told.status, told.code) == (403, "SignatureDoesNotMatch")


# when


@pytest.mark.parametrize("minutes", [-16, 16, -60 * 24 * 400])
def test_another_time(server: Running, minutes: int):
    """A request that is replayed later is too old; one from the future waits for nobody."""
    headers = good(server, time=now() + timedelta(minutes=minutes))
    told = sent(server, headers)
    assert (told.status, told.code) == (403, "RequestTimeTooSkewed")


# signed addresses


def address(server: Running, expires: int = 60, **changes: str) -> str:
    credentials = Credentials(server.alice.access_key, server.alice.secret_key)
    host = {"host": authority(server)}
    added = (
        presign(credentials, "GET", "/box/kept", "", host, expires, "us-east-1", "s3", now())
        | changes
    )
    return "/box/kept?" + "&".join(
        f"{name}={value.replace('/', '%2F')}" for name, value in added.items()
    )


def fetched(server: Running, target: str, **headers: str) -> Told:
    kept = {"host": authority(server), "connection": "close", **headers}
    told = exchange(server, spelled("GET", target, kept))
    assert server.alice.secret_key.encode() not in told.raw
    return told


def test_a_signed_address(server: Running):
    """It may be used again while it is valid: that is what it is for."""
    target = address(server)
    assert [fetched(server, target).body for _ in range(2)] == [b"kept", b"kept"]


CHANGES = [
    {"X-Amz-Algorithm": "AWS4-HMAC-SHA1"},
    {"X-Amz-Date": "20200101T000000Z"},
    {"X-Amz-Expires": "604800"},
    {"X-Amz-Expires": "604801"},
    {"X-Amz-Expires": "-1"},
    {"X-Amz-Expires": "9" * 5000},
    {"X-Amz-SignedHeaders": ""},
    {"X-Amz-SignedHeaders": "host;x-amz-acl"},
    {"X-Amz-Signature": "0" * 64},
    {"X-Amz-Signature": ""},
    {"X-Amz-Credential": "AKNOBODYNOBODYNOBODY/20260101/us-east-1/s3/aws4_request"},
    {"X-Amz-Security-Token": "made-up"},
    {"response-content-type": "text/html"},
    {"versionId": "null"},
]


@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: next(iter(changes.items()))[0])
def test_an_address_that_was_changed(server: Running, changes: dict[str, str]):
    told = fetched(server, address(server, **changes))
    assert told.status in (400, 403)
    assert told.code is not None
    assert b"kept" not in told.body.replace(b"/box/kept", b"")


def test_an_address_for_another_method(server: Running):
    kept = {"host": authority(server), "connection": "close"}
    told = exchange(server, spelled("DELETE", address(server), kept))
    assert (told.status, told.code) == (403, "SignatureDoesNotMatch")


def test_an_address_that_is_over(server: Running, monkeypatch: pytest.MonkeyPatch):
    target = address(server, expires=60)
    late = now() + timedelta(seconds=61)
    server.state.now = lambda: late
    try:
        told = fetched(server, target)
    finally:
        server.state.now = now
    assert (told.status, told.code) == (403, "AccessDenied")


def test_two_proofs_at_once(server: Running):
    """S3 takes one way of signing and no more (S3 "Authenticating requests")."""
    headers = signed(server, server.alice, "GET", "/box/kept")
    told = fetched(server, address(server), authorization=headers["authorization"])
    assert told.status in (400, 403)


def test_signature_version_2_is_refused(server: Running):
    """Unless the server was started with it."""
    headers = {"authorization": "AWS AKALICEAAAAAAAAAAAAA:c2lnbmF0dXJl", "date": "now"}
    told = fetched(server, "/box/kept", **headers)
    assert (told.status, told.code) == (400, "InvalidRequest")
