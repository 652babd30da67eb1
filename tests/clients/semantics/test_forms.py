"""Uploads by browser forms (POST Object)."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import json

import pytest

from .conftest import ask, client_of

FILE = b"content of the file"
MISSING = object()


def later(seconds=600):
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Form:
    """A form whose policy is signed with version 4."""

    def __init__(self, server, bucket):
        self.server, self.bucket = server, bucket
        self.date = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        self.credential = f"{server.alice.access_key}/{self.date[:8]}/us-east-1/s3/aws4_request"
        self.fields = {"key": "k", "Content-Type": "text/plain"}
        self.conditions = [
            {"bucket": bucket},
            ["starts-with", "$key", ""],
            ["starts-with", "$Content-Type", "text/"],
            ["content-length-range", 0, 1024],
        ]
        self.expiration = later()
        self.secret = server.alice.secret_key
        self.file = FILE
        self.file_name = "local.txt"

    def policy(self):
        signing = [
            {"x-amz-algorithm": "AWS4-HMAC-SHA256"},
            {"x-amz-credential": self.credential},
            {"x-amz-date": self.date},
        ]
        found = {"expiration": self.expiration, "conditions": [*self.conditions, *signing]}
        return {name: value for name, value in found.items() if value is not MISSING}

    def sign(self):
        text = base64.b64encode(json.dumps(self.policy()).encode())
        key = b"AWS4" + self.secret.encode()
        for scope in (self.date[:8], "us-east-1", "s3", "aws4_request"):
            key = hmac.digest(key, scope.encode(), "sha256")
        return {
            "x-amz-algorithm": "AWS4-HMAC-SHA256",
            "x-amz-credential": self.credential,
            "x-amz-date": self.date,
            "policy": text.decode(),
            "x-amz-signature": hmac.new(key, text, hashlib.sha256).hexdigest(),
        }

    def send(self, signed=True, **changes):
        fields = self.fields | (self.sign() if signed else {}) | changes
        body = b""
        for name, value in fields.items():
            if value is not MISSING:
                body += part(f'name="{name}"', str(value).encode())
        if self.file is not None:
            body += part(f'name="file"; filename="{self.file_name}"', self.file)
        body += b"--edge--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=edge"}
        return ask(self.server, "POST", f"/{self.bucket}", body, headers)


def part(disposition, content):
    head = f"--edge\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode()
    return head + content + b"\r\n"


@pytest.fixture
def form(server, bucket):
    return Form(server, bucket)


def test_a_form(s3, bucket, form):
    answer = form.send()
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["etag"] == f'"{hashlib.md5(FILE).hexdigest()}"'
    assert answer.headers["location"].endswith(f"/{bucket}/k")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["ContentType"]) == (FILE, "text/plain")


def test_boto_s_form(server, s3, bucket):
    client = client_of(server, server.alice, signature_version="s3v4")
    found = client.generate_presigned_post(bucket, "k")
    body = b"".join(
        part(f'name="{name}"', value.encode()) for name, value in found["fields"].items()
    )
    body += part('name="file"; filename="x"', FILE) + b"--edge--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    assert ask(server, "POST", f"/{bucket}", body, headers).status == 204
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == FILE


def test_a_stranger_s_form(s3, bucket, form):
    assert form.send(signed=False).refusal == ("AccessDenied", 403)
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    assert form.send(signed=False).status == 204


@pytest.mark.parametrize(
    ("wished", "status"), [("200", 200), ("201", 201), ("204", 204), ("404", 204)]
)
def test_the_status_of_success(form, bucket, wished, status):
    form.conditions.append(["starts-with", "$success_action_status", ""])
    answer = form.send(success_action_status=wished)
    assert answer.status == status
    if status == 201:
        text = answer.body.decode()
        for wanted in (f"<Bucket>{bucket}</Bucket>", "<Key>k</Key>", "<ETag>", "<Location>"):
            assert wanted in text


def test_the_address_after_success(form, bucket):
    form.conditions.append(["eq", "$success_action_redirect", "https://example.com/done?a=b"])
    answer = form.send(success_action_redirect="https://example.com/done?a=b")
    assert answer.status == 303
    location = answer.headers["location"]
    assert location.startswith("https://example.com/done?a=b&")
    etag = hashlib.md5(FILE).hexdigest()
    assert f"bucket={bucket}&key=k&etag=%22{etag}%22" in location


def test_the_name_of_the_file(s3, bucket, form):
    assert form.send(key="up/${filename}").status == 204
    assert s3.get_object(Bucket=bucket, Key="up/local.txt")["Body"].read() == FILE


def test_metadata_and_an_acl(s3, bucket, form):
    form.conditions += [["eq", "$x-amz-meta-a", "b"], {"acl": "public-read"}]
    assert form.send(**{"x-amz-meta-a": "b", "acl": "public-read"}).status == 204
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"a": "b"}
    assert len(s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]) == 2


def test_fields_of_no_concern(form):
    assert form.send(**{"x-ignore-this": "1"}).status == 204


def test_names_of_fields_have_no_case(form):
    form.fields = {"KeY": "k", "content-TYPE": "text/plain"}
    form.conditions[1] = ["StArTs-WiTh", "$KeY", ""]
    assert form.send().status == 204


def refused_forms():
    yield "expired", {"expiration": later(-60)}, {}, ("AccessDenied", 403)
    yield "expiration", {"expiration": "tomorrow"}, {}, ("InvalidPolicyDocument", 400)
    yield "no expiration", {"expiration": MISSING}, {}, ("InvalidPolicyDocument", 400)
    yield "no conditions", {"conditions": None}, {}, ("InvalidPolicyDocument", 400)
    yield "signature", {}, {"x-amz-signature": "0" * 64}, ("SignatureDoesNotMatch", 403)
    yield "secret", {"secret": "wrong"}, {}, ("SignatureDoesNotMatch", 403)
    yield "type", {}, {"Content-Type": "image/png"}, ("AccessDenied", 403)
    yield "extra field", {}, {"x-amz-meta-a": "b"}, ("AccessDenied", 403)
    yield "no key", {}, {"key": MISSING}, ("InvalidArgument", 400)
    yield "no policy", {}, {"policy": MISSING}, ("InvalidArgument", 400)
    yield "no signature", {}, {"x-amz-signature": MISSING}, ("InvalidArgument", 400)
    yield "no file", {"file": None}, {}, ("InvalidArgument", 400)
    yield "too large", {"file": b"x" * 1025}, {}, ("EntityTooLarge", 400)


@pytest.mark.parametrize(
    ("change", "fields", "refusal"),
    [pytest.param(*found[1:], id=found[0]) for found in refused_forms()],
)
def test_a_form_that_is_refused(s3, bucket, form, change, fields, refusal):
    for name, value in change.items():
        setattr(form, name, value if value is not None or name == "file" else MISSING)
    if form.conditions is MISSING:
        form.policy = lambda: {"expiration": form.expiration}
    answer = form.send(**fields)
    assert answer.refusal == refusal
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize(
    ("condition", "refusal"),
    [
        ({"bucket": "another"}, ("AccessDenied", 403)),
        (["eq", "$key", "another"], ("AccessDenied", 403)),
        (["starts-with", "$key", "another"], ("AccessDenied", 403)),
        (["content-length-range", 100, 200], ("EntityTooSmall", 400)),
        (["content-length-range", 0, 3], ("EntityTooLarge", 400)),
        (["content-length-range", 0], ("InvalidPolicyDocument", 400)),
        (["content-length-range", "a", "b"], ("InvalidPolicyDocument", 400)),
        (["like", "$key", "k"], ("InvalidPolicyDocument", 400)),
        ("key", ("InvalidPolicyDocument", 400)),
    ],
)
def test_a_condition_that_does_not_hold(form, condition, refusal):
    form.conditions.append(condition)
    assert form.send().refusal == refusal


def test_an_unknown_key(form):
    form.credential = form.credential.replace("AKALICE", "AKNOBODY")
    assert form.send().refusal == ("InvalidAccessKeyId", 403)


def test_a_form_to_nowhere(form):
    form.bucket = "no-such-bucket"
    assert form.send().refusal == ("NoSuchBucket", 404)


@pytest.mark.parametrize(
    ("kind", "status"),
    [("application/json", 412), ("multipart/form-data", 400), ("text/plain", 412)],
)
def test_a_post_that_is_no_form(server, bucket, kind, status):
    answer = ask(server, "POST", f"/{bucket}", b"{}", {"Content-Type": kind})
    assert answer.status in (status, 400)
    assert answer.code in ("PreconditionFailed", "MalformedPOSTRequest", "InvalidArgument")


def test_a_form_that_breaks_off(server, bucket):
    body = part('name="key"', b"k") + b'--edge\r\nContent-Disposition: form-data; name="file"'
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    answer = ask(server, "POST", f"/{bucket}", body, headers)
    assert answer.refusal == ("MalformedPOSTRequest", 400)
