"""What requests claim, and that nothing that was tampered with is believed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations
from urllib.parse import parse_qsl, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.s3 import signing, verifying
from holdall.s3.errors import S3Error
from holdall.s3.signing import EMPTY_SHA256, Credentials
from holdall.s3.verifying import Claim
from tests.s3.refusals import KEY, NOW, SECRET, refused

TIME = "20130524T120000Z"
SCOPE = f"{KEY}/20130524/us-east-1/s3/aws4_request"


@dataclass(slots=True)
class Sent:
    """A request as it arrives, to be tampered with."""

    method: str = "PUT"
    path: bytes = b"/bucket/a%20key"
    query: bytes = b"versionId=1"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def pairs(self) -> dict[str, str]:
        return dict(parse_qsl(self.query.decode(), keep_blank_values=True))

    def claim(self) -> Claim:
        found = verifying.claim(self.method, self.headers, self.pairs)
        assert found is not None
        return found

    def verify(self, secret: str = SECRET, now: datetime = NOW) -> None:
        claim = self.claim()
        verifying.verify(claim, self.method, self.path, self.query, self.headers, secret, now)


def signed(**changes: str) -> Sent:
    headers = {"host": "s3.example", "x-amz-meta-a": "1", "content-md5": "x", **changes}
    sent = Sent(headers=headers)
    added = signing.sign_headers(
        Credentials(KEY, SECRET),
        sent.method,
        sent.path.decode(),
        sent.query.decode(),
        headers,
        EMPTY_SHA256,
        "us-east-1",
        "s3",
        NOW,
    )
    sent.headers |= added
    return sent


def presigned(expires: int = 60, token: str | None = None) -> Sent:
    sent = Sent(method="GET", headers={"host": "s3.example"})
    added = signing.presign(
        Credentials(KEY, SECRET, token),
        sent.method,
        sent.path.decode(),
        sent.query.decode(),
        sent.headers,
        expires,
        "us-east-1",
        "s3",
        NOW,
    )
    pairs = "".join(f"&{name}={quote(value, safe='')}" for name, value in added.items())
    sent.query += pairs.encode()
    return sent


def test_a_signed_request_is_believed() -> None:
    sent = signed()
    claim = sent.claim()
    sent.verify()
    assert (claim.access_key, claim.region, claim.service) == (KEY, "us-east-1", "s3")
    assert not claim.presigned
    assert claim.payload_hash == EMPTY_SHA256


def test_the_components_may_come_in_any_order() -> None:
    sent = signed()
    kind, _, rest = sent.headers["authorization"].partition(" ")
    for components in permutations(part.strip() for part in rest.split(",")):
        sent.headers["authorization"] = f"{kind} {', '.join(components)}"
        sent.verify()


def test_a_presigned_request_is_believed() -> None:
    sent = presigned(token="a/token+=")
    claim = sent.claim()
    sent.verify()
    assert claim.presigned
    assert claim.expires == 60
    assert claim.session_token == "a/token+="
    assert claim.payload_hash == "UNSIGNED-PAYLOAD"
    assert "a/token" not in repr(claim)


def test_the_published_example_is_believed() -> None:
    proof = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "range": "bytes=0-9",
        "x-amz-content-sha256": EMPTY_SHA256,
        "x-amz-date": "20130524T000000Z",
        "authorization": f"AWS4-HMAC-SHA256 Credential={SCOPE},"
        f"SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature={proof}",
    }
    sent = Sent("GET", b"/test.txt", b"", headers)
    sent.verify(now=datetime(2013, 5, 24, 0, 15, tzinfo=UTC))


def _set(name: str, value: str) -> Callable[[Sent], None]:
    return lambda sent: sent.headers.__setitem__(name, value)


def _replace(name: str, old: str, new: str) -> Callable[[Sent], None]:
    def change(sent: Sent) -> None:
        assert old in sent.headers[name]
        sent.headers[name] = sent.headers[name].replace(old, new)

    return change


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (lambda sent: setattr(sent, "method", "DELETE"), "SignatureDoesNotMatch"),
        (lambda sent: setattr(sent, "path", b"/bucket/another"), "SignatureDoesNotMatch"),
        (lambda sent: setattr(sent, "path", b"//bucket/a%20key"), "SignatureDoesNotMatch"),
        (lambda sent: setattr(sent, "query", b"versionId=2"), "SignatureDoesNotMatch"),
        (lambda sent: setattr(sent, "query", b""), "SignatureDoesNotMatch"),
        (lambda sent: setattr(sent, "query", b"versionId=1&acl"), "SignatureDoesNotMatch"),
        (_set("host", "other.example"), "SignatureDoesNotMatch"),
        (_set("x-amz-meta-a", "2"), "SignatureDoesNotMatch"),
        (_set("content-md5", "y"), "SignatureDoesNotMatch"),
        (_set("x-amz-date", "20130524T120001Z"), "SignatureDoesNotMatch"),
        (_set("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), "SignatureDoesNotMatch"),
        (lambda sent: sent.headers.pop("x-amz-meta-a"), "SignatureDoesNotMatch"),
        (_set("x-amz-acl", "public-read"), "AccessDenied"),
        (_set("x-amz-security-token", "t"), "AccessDenied"),
        (_replace("authorization", "us-east-1", "us-west-1"), "SignatureDoesNotMatch"),
        (_replace("authorization", "content-md5;", ""), "AccessDenied"),
        (_replace("authorization", "host;", ""), "AccessDenied"),
        (_replace("authorization", "Signature=", "Signature=0"), "SignatureDoesNotMatch"),
        (_replace("authorization", "/20130524/", "/20130523/"), "AuthorizationHeaderMalformed"),
    ],
)
def test_whatever_is_tampered_with_is_refused(tamper: Callable[[Sent], object], code: str) -> None:
    sent = signed()
    tamper(sent)
    refused(code, sent.verify)


@given(st.data())
def test_no_byte_of_an_address_can_be_changed(data: st.DataObject) -> None:
    sent = presigned()
    at = data.draw(st.integers(0, len(sent.query) - 1))
    byte = data.draw(st.sampled_from(b"0aZ~&=%"))
    before, query = sent.pairs, bytearray(sent.query)
    query[at] = byte
    sent.query = bytes(query)
    if sent.pairs != before:
        with pytest.raises(S3Error):
            sent.verify()


def test_another_secret_is_refused() -> None:
    error = refused("SignatureDoesNotMatch", lambda: signed().verify(secret="another"))
    assert error.status == 403
    assert error.facts["AWSAccessKeyId"] == KEY
    assert error.facts["StringToSign"].startswith("AWS4-HMAC-SHA256\n20130524T120000Z\n")
    assert error.facts["CanonicalRequest"].startswith("PUT\n/bucket/a%20key\nversionId=1\n")
    assert bytes.fromhex(error.facts["StringToSignBytes"]).decode() == error.facts["StringToSign"]
    right = signed().claim().signature
    shown = str(error.facts)
    assert "another" not in shown
    assert SECRET not in shown
    assert error.facts["SignatureProvided"] == right  # it was right for the true secret


def test_the_right_signature_is_never_told() -> None:
    sent = signed()
    right = sent.claim().signature
    _replace("authorization", right, "0" * 64)(sent)
    error = refused("SignatureDoesNotMatch", sent.verify)
    assert right not in str(error.facts)
    assert bytes(right, "ascii").hex(" ") not in str(error.facts)


def test_secrets_that_were_sent_are_not_repeated() -> None:
    name = "x-amz-server-side-encryption-customer-key"
    sent = signed(**{name: "c2VjcmV0", "x-amz-security-token": "the-token"})
    error = refused("SignatureDoesNotMatch", lambda: sent.verify(secret="another"))
    for fact in error.facts.values():
        assert "c2VjcmV0" not in fact
        assert "the-token" not in fact
        assert b"the-token".hex(" ") not in fact
    address = presigned(token="the-token")
    error = refused("SignatureDoesNotMatch", lambda: address.verify(secret="another"))
    assert "the-token" not in str(error.facts)


def test_headers_that_are_not_signed_are_named() -> None:
    sent = signed()
    sent.headers |= {"x-amz-tagging": "a=b", "x-amz-acl": "private", "x-other": "1"}
    error = refused("AccessDenied", sent.verify)
    assert error.facts == {"HeadersNotSigned": "x-amz-acl, x-amz-tagging"}


def test_a_host_that_is_not_there_must_be_signed_too() -> None:
    sent = signed()
    _replace("authorization", "host;", "")(sent)
    del sent.headers["host"]
    assert "host" in refused("AccessDenied", sent.verify).facts["HeadersNotSigned"]


@pytest.mark.parametrize("seconds", [-900, 900])
def test_clocks_may_differ_by_a_quarter_of_an_hour(seconds: int) -> None:
    signed().verify(now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-901, 901, 86400 * 400])
def test_clocks_that_differ_by_more_are_refused(seconds: int) -> None:
    sent = signed()
    error = refused(
        "RequestTimeTooSkewed", lambda: sent.verify(now=NOW + timedelta(seconds=seconds))
    )
    assert error.status == 403
    assert error.facts["RequestTime"] == TIME
    assert error.facts["MaxAllowedSkewMilliseconds"] == "900000"
    assert error.facts["ServerTime"].endswith("Z")


def test_skew_is_told_before_a_wrong_signature() -> None:
    sent = signed()
    sent.headers["x-amz-date"] = "19500707T215304Z"
    refused("RequestTimeTooSkewed", sent.verify)


def test_an_address_expires() -> None:
    sent = presigned(expires=60)
    sent.verify(now=NOW + timedelta(seconds=59))
    error = refused("AccessDenied", lambda: sent.verify(now=NOW + timedelta(seconds=60)))
    assert error.message == "Request has expired"
    assert error.facts == {
        "X-Amz-Expires": "60",
        "Expires": "2013-05-24T12:01:00.000Z",
        "ServerTime": "2013-05-24T12:01:00.000Z",
    }


def test_an_address_of_the_future_is_refused() -> None:
    sent = presigned(expires=604800)
    sent.verify(now=NOW - timedelta(minutes=15))
    refused("AccessDenied", lambda: sent.verify(now=NOW - timedelta(minutes=16)))


@pytest.mark.parametrize(
    "path", [b"/bucket/a b", b"/bucket/a%20b", b"/bucket/a%20%62", "/bucket/é~+".encode()]
)
def test_clients_may_escape_less_than_they_sign(path: bytes) -> None:
    sent = signed()
    sent.path = path
    sent.headers |= signing.sign_headers(
        Credentials(KEY, SECRET),
        sent.method,
        signing.canonical_path(path).decode(),
        "versionId=1",
        {name: sent.headers[name] for name in ("host", "x-amz-meta-a", "content-md5")},
        EMPTY_SHA256,
        "us-east-1",
        "s3",
        NOW,
    )
    sent.verify()


def test_clients_may_sign_what_they_send() -> None:
    claim, headers = signed().claim(), signed().headers
    path, query = b"/b/(a)*!", b"prefix=a/b"
    canonical = signing.canonical_request(
        "GET", path, query, headers, claim.signed_headers, EMPTY_SHA256
    )
    key = signing.signing_key(SECRET, claim.scope)
    proof = signing.signature(key, signing.string_to_sign(claim.time, claim.scope, canonical))
    claim = dataclasses.replace(claim, signature=proof)
    verifying.verify(claim, "GET", path, query, headers, SECRET, NOW)


def test_repeated_names_and_order_of_a_query_are_canonical() -> None:
    sent = signed()
    sent.query = b"versionId=1&&"
    sent.verify()


# --- claims -------------------------------------------------------------------------------

AUTHORIZATION = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=abc"
BASE = {"host": "h", "x-amz-date": TIME, "x-amz-content-sha256": EMPTY_SHA256}


def claimed(authorization: str, **headers: str) -> Claim | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return verifying.claim("GET", {**BASE, "authorization": authorization, **named}, {})


def test_no_signature_is_no_claim() -> None:
    assert verifying.claim("GET", {"host": "h"}, {"prefix": "a"}) is None
    assert claimed("") is None


@pytest.mark.parametrize("separator", [",", ", ", " , "])
def test_components_may_be_parted_by_spaces(separator: str) -> None:
    assert claimed(AUTHORIZATION.replace(", ", separator)) == claimed(AUTHORIZATION)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"Credential={SCOPE}, ", ""),
        ("SignedHeaders=host, ", ""),
        (", Signature=abc", ""),
        ("Signature=abc", "Signature="),
        ("Signature=abc", "Other=abc"),
        ("SignedHeaders=host", "SignedHeaders=h\xe9"),
        (SCOPE, KEY),
        (SCOPE, f"{KEY}/20130524/us-east-1/s3"),
        (SCOPE, "/20130524/us-east-1/s3/aws4_request"),
        ("aws4_request", "aws5_request"),
        ("/s3/", "/ec2/"),
        ("/20130524/", "/2013-5-24/"),
        ("/20130524/", "/20131324/"),
        ("/us-east-1/", "//"),
        (AUTHORIZATION, "AWS4-HMAC-SHA256"),
        (AUTHORIZATION, "AWS4-HMAC-SHA256 nonsense"),
    ],
)
def test_malformed_headers(old: str, new: str) -> None:
    assert old in AUTHORIZATION
    error = refused(
        "AuthorizationHeaderMalformed", lambda: claimed(AUTHORIZATION.replace(old, new))
    )
    assert error.status == 400


@pytest.mark.parametrize("text", ["Bearer opensesame", "Basic b3BlbnNlc2FtZQ==", "opensesame"])
def test_other_types_are_refused_and_not_repeated(text: str) -> None:
    error = refused("InvalidArgument", lambda: claimed(text))
    assert error.message == "Unsupported Authorization Type"
    assert text.split()[-1] not in str(error.facts)


@pytest.mark.parametrize(
    "text", ["AWS AKID:c2ln", AUTHORIZATION.replace("HMAC-SHA256", "ECDSA-P256-SHA256")]
)
def test_mechanisms_that_are_known_and_not_supported(text: str) -> None:
    refused("InvalidRequest", lambda: claimed(text))


def test_a_version_2_query_is_not_supported_here() -> None:
    query = {"AWSAccessKeyId": "a", "Signature": "b", "Expires": "1"}
    refused("InvalidRequest", lambda: verifying.claim("GET", {}, query))


@pytest.mark.parametrize(
    "query", [{"X-Amz-Algorithm": "AWS4-HMAC-SHA256"}, {"AWSAccessKeyId": "a", "Signature": "b"}]
)
def test_two_mechanisms_at_once(query: dict[str, str]) -> None:
    headers = {**BASE, "authorization": AUTHORIZATION}
    refused("InvalidArgument", lambda: verifying.claim("GET", headers, query))


@pytest.mark.parametrize(
    "date", ["", "yesterday", "2013-05-24T12:00:00Z", "00010101T000000Z", "99991231T235959Z"]
)
def test_a_date_that_cannot_be_read(date: str) -> None:
    error = refused("AccessDenied", lambda: claimed(AUTHORIZATION, x_amz_date=date))
    assert error.status == 403


def test_the_date_header_serves_without_the_other() -> None:
    headers = {**BASE, "authorization": AUTHORIZATION, "date": "Fri, 24 May 2013 12:00:00 GMT"}
    del headers["x-amz-date"]
    found = verifying.claim("GET", headers, {})
    assert found is not None
    assert found.time == TIME
    del headers["date"]
    refused("AccessDenied", lambda: verifying.claim("GET", headers, {}))


def test_the_hash_of_the_payload_is_needed() -> None:
    headers = {**BASE, "authorization": AUTHORIZATION}
    del headers["x-amz-content-sha256"]
    refused("InvalidRequest", lambda: verifying.claim("GET", headers, {}))
    refused("InvalidArgument", lambda: claimed(AUTHORIZATION, x_amz_content_sha256="nonsense"))
    refused("InvalidArgument", lambda: claimed(AUTHORIZATION, x_amz_content_sha256="a" * 63))


def test_other_services_hash_the_body_without_saying_so() -> None:
    headers = {"host": "h", "x-amz-date": TIME}
    added = signing.sign_headers(
        Credentials(KEY, SECRET), "POST", "/", "", headers, EMPTY_SHA256, "r", "sts", NOW
    )
    headers |= added
    refused("AuthorizationHeaderMalformed", lambda: verifying.claim("POST", headers, {}))
    text = headers["authorization"].replace("x-amz-content-sha256;", "")
    claim = verifying.claim(
        "POST",
        {"host": "h", "x-amz-date": TIME, "authorization": text},
        {},
        services=("s3", "sts"),
    )
    assert claim is not None
    assert claim.payload_hash is None
    canonical = signing.canonical_request(
        "POST", b"/", b"", headers, claim.signed_headers, EMPTY_SHA256
    )
    key = signing.signing_key(SECRET, claim.scope)
    proof = signing.signature(key, signing.string_to_sign(claim.time, claim.scope, canonical))
    claim = dataclasses.replace(claim, signature=proof)
    plain = {"host": "h", "x-amz-date": TIME}
    verifying.verify(claim, "POST", b"/", b"", plain, SECRET, NOW, payload_hash=EMPTY_SHA256)
    with pytest.raises(S3Error):
        verifying.verify(claim, "POST", b"/", b"", plain, SECRET, NOW, payload_hash="0" * 64)


@pytest.mark.parametrize(
    "name", ["Algorithm", "Credential", "Signature", "Date", "SignedHeaders", "Expires"]
)
def test_every_parameter_of_an_address_is_needed(name: str) -> None:
    sent = presigned()
    pairs = sent.pairs
    pairs[f"X-Amz-{name}"] = ""
    refused(
        "AuthorizationQueryParametersError",
        lambda: verifying.claim("GET", sent.headers, pairs),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Algorithm", "AWS4-ECDSA-P256-SHA256"),
        ("Credential", KEY),
        ("Credential", SCOPE.replace("s3", "ec2")),
        ("Credential", SCOPE.replace("20130524", "20130525")),
        ("Date", "Fri, 24 May 2013 12:00:00 GMT"),
        ("Date", "20130525T000000Z"),
        ("SignedHeaders", "hö€st"),
        ("Expires", "604801"),
        ("Expires", "9" * 5000),
        ("Expires", "-1"),
        ("Expires", "1.5"),
        ("Expires", "\u0661"),
    ],
)
def test_malformed_parameters(name: str, value: str) -> None:
    sent = presigned()
    pairs = {**sent.pairs, f"X-Amz-{name}": value}
    error = refused(
        "AuthorizationQueryParametersError", lambda: verifying.claim("GET", sent.headers, pairs)
    )
    assert error.status == 400


def test_an_address_may_sign_the_hash_of_its_body() -> None:
    sent = presigned()
    headers = {**sent.headers, "x-amz-content-sha256": EMPTY_SHA256}
    unsigned = verifying.claim("GET", headers, sent.pairs)
    assert unsigned is not None
    assert unsigned.payload_hash == "UNSIGNED-PAYLOAD"
    pairs = {**sent.pairs, "X-Amz-SignedHeaders": "host;x-amz-content-sha256"}
    signed_too = verifying.claim("GET", headers, pairs)
    assert signed_too is not None
    assert signed_too.payload_hash == EMPTY_SHA256
    pairs = {**sent.pairs, "X-Amz-Content-Sha256": EMPTY_SHA256}
    in_query = verifying.claim("GET", sent.headers, pairs)
    assert in_query is not None
    assert in_query.payload_hash == EMPTY_SHA256


def test_an_access_key_may_hold_slashes() -> None:
    found = claimed(AUTHORIZATION.replace(KEY, "a/b/c"))
    assert found is not None
    assert found.access_key == "a/b/c"


@given(authorization=st.text(st.characters(max_codepoint=255)), date=st.text(max_size=20))
def test_no_header_breaks_the_reader(authorization: str, date: str) -> None:
    for text in (authorization, f"AWS4-HMAC-SHA256 {authorization}"):
        headers = {**BASE, "authorization": text, "x-amz-date": date}
        try:
            found = verifying.claim("GET", headers, {})
        except S3Error:
            continue
        assert found is None or found.signed_at.tzinfo


@given(st.dictionaries(st.sampled_from(list(presigned().pairs)), st.text()))
def test_no_query_breaks_the_reader(changes: dict[str, str]) -> None:
    sent = presigned()
    try:
        claim = verifying.claim("GET", sent.headers, {**sent.pairs, **changes})
        if claim is not None:
            verifying.verify(claim, "GET", sent.path, sent.query, sent.headers, SECRET, NOW)
    except S3Error:
        pass
