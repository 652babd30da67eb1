from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from holdall.s3.signing import ALGORITHM, Scope, signature, signing_key
from holdall.s3.sigv2 import signature as v2_signature

from .conftest import Answer

BOUNDARY = "-------boundary"
SOON = "%Y-%m-%dT%H:%M:%SZ"
Fields = dict[str, str]


def form(fields: Fields, file: bytes | None = b"content", name: str = "f.txt") -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n'.encode()
        + value.encode()
        + b"\r\n"
        for key, value in fields.items()
    ]
    if file is not None:
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"'
        kind = "Content-Type: text/plain"
        parts.append(f"--{BOUNDARY}\r\n{head}\r\n{kind}\r\n\r\n".encode() + file + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def one_by_one(fields: Fields) -> list[Fields]:
    return [{name: value} for name, value in fields.items()]


@dataclass(frozen=True)
class Poster:
    """Posts forms to a bucket of alice's, as a browser would."""

    send: Callable[..., Answer]
    server: Any
    bucket: str

    def post(self, body: bytes, content_type: str | None = None) -> Answer:
        kind = content_type or f"multipart/form-data; boundary={BOUNDARY}"
        return self.send(
            "POST", f"/{self.bucket}", body=body, headers={"Content-Type": kind}, account=None
        )

    def signed(self, fields: Fields, rules: list[Any] | None = None, **document: Any) -> Fields:
        """The fields with a policy of these rules, else of one for each of them; `document` is
        what the policy has in place of that."""
        account = self.server.alice
        now = datetime.now(UTC)
        scope = Scope(now.strftime("%Y%m%d"), "us-east-1", "s3")
        about = {
            "x-amz-algorithm": ALGORITHM,
            "x-amz-credential": f"{account.access_key}/{scope.date}/us-east-1/s3/aws4_request",
            "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
        }
        rest = rules or [{"bucket": self.bucket}, *one_by_one(fields)]
        whole = {
            "expiration": (now + timedelta(minutes=5)).strftime(SOON),
            "conditions": [*one_by_one(about), *rest],
        }
        whole.update(document)
        policy = base64.b64encode(json.dumps(whole).encode()).decode()
        proof = signature(signing_key(account.secret_key, scope), policy.encode())
        return {**fields, **about, "policy": policy, "x-amz-signature": proof}


@pytest.fixture
def poster(send: Any, server: Any, bucket: str) -> Poster:
    return Poster(send, server, bucket)


def code(answer: Answer) -> tuple[int, str]:
    text = answer.body.decode()
    return answer.status, text.partition("<Code>")[2].partition("</Code>")[0]


def read(client: Any, bucket: str, key: str) -> bytes:
    found: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    return found


def test_a_signed_form(alice: Any, poster: Poster) -> None:
    answer = poster.post(form(poster.signed({"key": "k", "content-type": "text/x"})))
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["etag"] == f'"{hashlib.md5(b"content").hexdigest()}"'
    assert answer.headers["location"].endswith(f"/{poster.bucket}/k")
    assert read(alice, poster.bucket, "k") == b"content"
    assert alice.head_object(Bucket=poster.bucket, Key="k")["ContentType"] == "text/x"


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 3_000_000])
def test_files_of_every_size(alice: Any, poster: Poster, size: int) -> None:
    data = (b"\r\n--" + BOUNDARY.encode()[:-1] + bytes(range(256))) * (size // 270 + 1)
    assert poster.post(form(poster.signed({"key": "k"}), data[:size])).status == 204
    assert read(alice, poster.bucket, "k") == data[:size]


def test_everything_a_form_can_say(alice: Any, poster: Poster) -> None:
    alice.put_bucket_acl(Bucket=poster.bucket, ACL="private")
    fields = {
        "key": "ü/k",
        "acl": "public-read",
        "Content-Type": "text/x",
        "Cache-Control": "no-store",
        "Content-Disposition": "inline",
        "Content-Encoding": "br",
        "Expires": "Thu, 01 Dec 2094 16:00:00 GMT",
        "x-amz-meta-Colour": "blü",
        "x-amz-storage-class": "STANDARD_IA",
        "x-amz-website-redirect-location": "/there",
        "x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(b"content").digest()).decode(),
        "tagging": "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>",
        "x-ignore-this": "?",
    }
    assert poster.post(form(poster.signed(fields))).status == 204
    found = alice.head_object(Bucket=poster.bucket, Key="ü/k", ChecksumMode="ENABLED")
    assert found["CacheControl"] == "no-store"
    assert found["ContentDisposition"] == "inline"
    assert found["ContentEncoding"] == "br"
    assert found["StorageClass"] == "STANDARD_IA"
    assert found["WebsiteRedirectLocation"] == "/there"
    assert found["ChecksumSHA256"] == fields["x-amz-checksum-sha256"]
    assert found["Metadata"]["colour"].encode("latin-1").decode() == "blü"
    tags = alice.get_object_tagging(Bucket=poster.bucket, Key="ü/k")["TagSet"]
    assert tags == [{"Key": "a", "Value": "1"}]
    public = poster.send("GET", f"/{poster.bucket}/%C3%BC/k", account=None)
    assert public.body == b"content"


@pytest.mark.parametrize(
    ("filename", "key"),
    [("f.txt", "up/f.txt"), (r"C:\dir\f.txt", "up/f.txt"), ("a/b/f.txt", "up/f.txt"), ("", "up/")],
)
def test_the_name_of_the_file(alice: Any, poster: Poster, filename: str, key: str) -> None:
    conditions = [{"bucket": poster.bucket}, ["starts-with", "$key", "up/"]]
    fields = poster.signed({"key": "up/${filename}"}, conditions)
    assert poster.post(form(fields, name=filename)).status == 204
    assert read(alice, poster.bucket, key) == b"content"


# What comes back


@pytest.mark.parametrize(
    ("wish", "status"), [("200", 200), ("201", 201), ("204", 204), ("404", 204), ("", 204)]
)
def test_the_status_wished_for(poster: Poster, wish: str, status: int) -> None:
    answer = poster.post(form(poster.signed({"key": "k", "success_action_status": wish})))
    assert answer.status == status
    assert answer.body.startswith(b"<?xml") is (status == 201)


def test_the_document_of_201(poster: Poster) -> None:
    answer = poster.post(form(poster.signed({"key": "a b", "success_action_status": "201"})))
    assert b"<PostResponse><Location>" in answer.body
    assert f"<Bucket>{poster.bucket}</Bucket><Key>a b</Key><ETag>".encode() in answer.body
    assert answer.headers["location"].endswith("/a%20b")


@pytest.mark.parametrize("field", ["success_action_redirect", "redirect"])
@pytest.mark.parametrize(
    ("target", "start"),
    [
        ("http://here.test/x", "http://here.test/x?"),
        ("https://h.test/?a=1", "https://h.test/?a=1&"),
    ],
)
def test_a_redirect(poster: Poster, field: str, target: str, start: str) -> None:
    answer = poster.post(form(poster.signed({"key": "a b", field: target})))
    tag = hashlib.md5(b"content").hexdigest()
    expected = f"{start}bucket={poster.bucket}&key=a%20b&etag=%22{tag}%22"
    assert (answer.status, answer.headers["location"]) == (303, expected)


@pytest.mark.parametrize(
    "target", ["/here", "javascript:x", "http://", "http://a\r\nx: y/", "http://[/"]
)
def test_a_redirect_to_nowhere_is_ignored(poster: Poster, target: str) -> None:
    fields = poster.signed({"key": "k", "success_action_redirect": target})
    answer = poster.post(form(fields))
    assert answer.status == 204
    assert "x" not in answer.headers


# Who may


def test_nobody_may_without_a_policy(poster: Poster) -> None:
    assert code(poster.post(form({"key": "k"}))) == (403, "AccessDenied")


def test_everybody_may_where_the_bucket_is_public(alice: Any, poster: Poster) -> None:
    alice.put_bucket_acl(Bucket=poster.bucket, ACL="public-read-write")
    fields = {"key": "k", "acl": "bucket-owner-full-control"}
    assert poster.post(form(fields)).status == 204
    assert read(alice, poster.bucket, "k") == b"content"


def test_a_signed_form_goes_no_further_than_its_signer(bob: Any, poster: Poster) -> None:
    bob.create_bucket(Bucket=f"{poster.bucket}-bob")
    other = Poster(poster.send, poster.server, f"{poster.bucket}-bob")
    assert code(other.post(form(other.signed({"key": "k"})))) == (403, "AccessDenied")


def test_a_form_for_another_bucket(alice: Any, poster: Poster) -> None:
    alice.create_bucket(Bucket=f"{poster.bucket}-two")
    other = Poster(poster.send, poster.server, f"{poster.bucket}-two")
    assert code(other.post(form(poster.signed({"key": "k"})))) == (403, "AccessDenied")


def test_a_form_that_was_tampered_with(poster: Poster) -> None:
    fields = poster.signed({"key": "k"})
    forged = "0" * len(fields["x-amz-signature"])
    answer = poster.post(form({**fields, "x-amz-signature": forged}))
    assert code(answer) == (403, "SignatureDoesNotMatch")
    answer = poster.post(form({**fields, "key": "other"}))
    assert code(answer) == (403, "AccessDenied")
    answer = poster.post(form({**fields, "acl": "public-read"}))
    assert code(answer) == (403, "AccessDenied")
    credential = fields["x-amz-credential"].replace("AK", "NO", 1)
    answer = poster.post(form({**fields, "x-amz-credential": credential}))
    assert code(answer) == (403, "InvalidAccessKeyId")


def test_an_expired_policy(poster: Poster) -> None:
    fields = poster.signed({"key": "k"}, expiration="2001-01-01T00:00:00Z")
    assert code(poster.post(form(fields))) == (403, "AccessDenied")


@pytest.mark.parametrize(
    "document",
    [{"expiration": "soon"}, {"expiration": None}, {"conditions": [{}]}, {"conditions": 1}],
)
def test_a_policy_that_is_none(poster: Poster, document: dict[str, Any]) -> None:
    fields = poster.signed({"key": "k"}, **document)
    assert code(poster.post(form(fields))) == (400, "InvalidPolicyDocument")


@pytest.mark.parametrize(("size", "expected"), [(4, (400, "EntityTooSmall")), (5, (204, "")),
                                                (9, (204, "")), (10, (400, "EntityTooLarge")),
                                                (3_000_000, (400, "EntityTooLarge"))])  # fmt: skip
def test_a_length_between(
    alice: Any, poster: Poster, refused: Any, size: int, expected: tuple[int, str]
) -> None:
    conditions = [{"bucket": poster.bucket}, {"key": "k"}, ["content-length-range", 5, 9]]
    answer = poster.post(form(poster.signed({"key": "k"}, conditions), b"x" * size))
    assert code(answer) == expected
    if answer.status != 204:
        with refused("404", 404):
            alice.head_object(Bucket=poster.bucket, Key="k")


@pytest.fixture
def old(server: Any) -> Iterator[None]:
    server.state.allow_sigv2 = True
    yield
    server.state.allow_sigv2 = False


def v2(poster: Poster, fields: Fields) -> Fields:
    conditions = [{"bucket": poster.bucket}, *one_by_one(fields)]
    expiration = (datetime.now(UTC) + timedelta(minutes=5)).strftime(SOON)
    document = {"expiration": expiration, "conditions": conditions}
    policy = base64.b64encode(json.dumps(document).encode()).decode()
    account = poster.server.alice
    proof = v2_signature(account.secret_key, policy.encode())
    signing = {"AWSAccessKeyId": account.access_key, "policy": policy, "signature": proof}
    return {**fields, **signing}


def test_old_signatures_where_they_are_allowed(alice: Any, poster: Poster, old: None) -> None:
    assert poster.post(form(v2(poster, {"key": "k"}))).status == 204
    assert read(alice, poster.bucket, "k") == b"content"


def test_old_signatures_elsewhere(poster: Poster) -> None:
    assert code(poster.post(form(v2(poster, {"key": "k"})))) == (400, "InvalidRequest")


# Forms that are none


def test_without_a_key(poster: Poster) -> None:
    assert code(poster.post(form(poster.signed({"acl": "private"})))) == (400, "InvalidArgument")


def test_a_key_after_the_file_does_not_count(poster: Poster) -> None:
    whole, tail = form(poster.signed({})), form({"key": "k"}, None)
    body = whole.removesuffix(f"--{BOUNDARY}--\r\n".encode()) + tail
    assert code(poster.post(body)) == (400, "InvalidArgument")


def test_a_key_that_is_too_long(poster: Poster) -> None:
    fields = poster.signed({"key": "x" * 1025})
    assert code(poster.post(form(fields))) == (400, "KeyTooLongError")


def test_without_a_file(poster: Poster) -> None:
    assert code(poster.post(form(poster.signed({"key": "k"}), None))) == (400, "InvalidArgument")


def test_another_kind_of_body(poster: Poster) -> None:
    answer = poster.post(b"key=k", "application/x-www-form-urlencoded")
    assert code(answer) == (412, "PreconditionFailed")


def test_fields_that_are_too_long(poster: Poster) -> None:
    answer = poster.post(form({"key": "k", "x-amz-meta-a": "x" * 21_000}))
    assert code(answer) == (400, "MaxPostPreDataLengthExceeded")


def test_a_form_that_is_cut_off(alice: Any, poster: Poster, refused: Any) -> None:
    body = form(poster.signed({"key": "k"}), b"x" * 100)
    for cut in (len(body) - 30, len(body) - 150, 40):
        assert code(poster.post(body[:cut])) == (400, "MalformedPOSTRequest")
    with refused("404", 404):
        alice.head_object(Bucket=poster.bucket, Key="k")


@pytest.mark.parametrize("name", ["crc32", "sha256"])
def test_a_checksum_that_differs(poster: Poster, name: str) -> None:
    wrong = {"crc32": bytes(4), "sha256": bytes(32)}[name]
    fields = {"key": "k", f"x-amz-checksum-{name}": base64.b64encode(wrong).decode()}
    assert code(poster.post(form(poster.signed(fields)))) == (400, "BadDigest")


def test_a_lock_in_a_bucket_without(poster: Poster) -> None:
    fields = {"key": "k", "x-amz-object-lock-legal-hold": "ON"}
    assert code(poster.post(form(poster.signed(fields)))) == (400, "InvalidRequest")


def test_no_such_bucket(poster: Poster) -> None:
    other = Poster(poster.send, poster.server, "no-such-bucket-here")
    assert code(other.post(form({"key": "k"}))) == (404, "NoSuchBucket")
