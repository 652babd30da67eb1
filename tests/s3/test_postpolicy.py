"""Forms: who signed their policy, and whether they keep to it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.s3 import postpolicy, sigv2
from holdall.s3.errors import S3Error
from tests.s3.refusals import KEY, SECRET, refused

NOW = datetime(2015, 12, 29, 12, tzinfo=UTC)
END = "2015-12-30T12:00:00.000Z"
PUBLISHED = (
    '{ "expiration": "2015-12-30T12:00:00.000Z",\r\n'
    '  "conditions": [\r\n'
    '    {"bucket": "sigv4examplebucket"},\r\n'
    '    ["starts-with", "$key", "user/user1/"],\r\n'
    '    {"acl": "public-read"},\r\n'
    '    {"success_action_redirect": '
    '"http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},\r\n'
    '    ["starts-with", "$Content-Type", "image/"],\r\n'
    '    {"x-amz-meta-uuid": "14365123651274"},\r\n'
    '    {"x-amz-server-side-encryption": "AES256"},\r\n'
    '    ["starts-with", "$x-amz-meta-tag", ""],\r\n'
    "\r\n"
    '    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},\r\n'
    '    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},\r\n'
    '    {"x-amz-date": "20151229T000000Z" }\r\n'
    "  ]\r\n"
    "}"
)
PROOF = "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORM = {
    "key": "user/user1/photo.jpg",
    "acl": "public-read",
    "success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html",
    "content-type": "image/jpeg",
    "x-amz-meta-uuid": "14365123651274",
    "x-amz-server-side-encryption": "AES256",
    "x-amz-meta-tag": "",
    "x-amz-credential": f"{KEY}/20151229/us-east-1/s3/aws4_request",
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-date": "20151229T000000Z",
    "policy": encoded(PUBLISHED),
    "x-amz-signature": PROOF,
}


def policy(*conditions: Any, expiration: str = END) -> postpolicy.Policy:
    return postpolicy.parse(
        encoded(json.dumps({"expiration": expiration, "conditions": list(conditions)}))
    )


def test_the_published_example() -> None:
    claim = postpolicy.claim(FORM)
    assert claim is not None
    assert claim.access_key == KEY
    assert not claim.is_v2
    postpolicy.verify(claim, SECRET)
    found = postpolicy.parse(claim.policy)
    found.check(FORM, "sigv4examplebucket", NOW)
    found.check_length(10**12)


@pytest.mark.parametrize(
    "changes",
    [
        {"policy": encoded(PUBLISHED + " ")},
        {"x-amz-signature": PROOF[:-1] + "f"},
        {"x-amz-signature": "\u20ac"},
        {"x-amz-credential": f"{KEY}/20151228/us-east-1/s3/aws4_request"},
        {"x-amz-credential": f"{KEY}/20151229/us-west-1/s3/aws4_request"},
    ],
)
def test_what_was_not_signed_is_refused(changes: dict[str, str]) -> None:
    claim = postpolicy.claim({**FORM, **changes})
    assert claim is not None
    error = refused("SignatureDoesNotMatch", lambda: postpolicy.verify(claim, SECRET))
    assert error.status == 403


def test_the_right_signature_is_never_told() -> None:
    claim = postpolicy.claim({**FORM, "x-amz-signature": "0" * 64})
    assert claim is not None
    error = refused("SignatureDoesNotMatch", lambda: postpolicy.verify(claim, SECRET))
    assert PROOF not in str(error.facts)
    assert SECRET not in str(error.facts)


def test_version_2() -> None:
    text = encoded(PUBLISHED)
    proof = sigv2.signature(SECRET, text.encode())
    fields = {"key": "k", "policy": text, "awsaccesskeyid": KEY, "signature": proof}
    claim = postpolicy.claim(fields)
    assert claim is not None
    assert claim.is_v2
    postpolicy.verify(claim, SECRET)
    refused("SignatureDoesNotMatch", lambda: postpolicy.verify(claim, "another"))


def test_a_form_without_a_policy_is_anonymous() -> None:
    assert postpolicy.claim({"key": "k", "acl": "private"}) is None


@pytest.mark.parametrize(
    "name", ["policy", "x-amz-signature", "x-amz-credential", "x-amz-date", "x-amz-algorithm"]
)
def test_every_field_of_a_signature_is_needed(name: str) -> None:
    fields = {field: value for field, value in FORM.items() if field != name}
    error = refused("InvalidArgument", lambda: postpolicy.claim(fields))
    assert error.facts["ArgumentName"].lower() == name
    assert error.status == 400


@pytest.mark.parametrize("name", ["policy", "awsaccesskeyid", "signature"])
def test_every_field_of_an_old_signature_is_needed(name: str) -> None:
    fields = {"policy": "x", "awsaccesskeyid": KEY, "signature": "x"}
    del fields[name]
    refused("InvalidArgument", lambda: postpolicy.claim(fields))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-amz-algorithm", "AWS4-HMAC-SHA1"),
        ("x-amz-credential", KEY),
        ("x-amz-credential", f"{KEY}/20151229/us-east-1/ec2/aws4_request"),
    ],
)
def test_malformed_fields(name: str, value: str) -> None:
    refused("InvalidArgument", lambda: postpolicy.claim({**FORM, name: value}))


@pytest.mark.parametrize(
    "name", sorted(set(FORM) - {"policy", "x-amz-signature", "x-amz-meta-tag"})
)
def test_every_field_is_held_against_its_condition(name: str) -> None:
    fields = {**FORM, name: "something else"}
    error = refused(
        "AccessDenied",
        lambda: postpolicy.parse(FORM["policy"]).check(fields, "sigv4examplebucket", NOW),
    )
    assert error.status == 403
    assert error.message.startswith("Invalid according to Policy: Policy Condition failed: [")
    del fields[name]
    with pytest.raises(S3Error):
        postpolicy.parse(FORM["policy"]).check(fields, "sigv4examplebucket", NOW)


def test_the_bucket_is_a_field_like_others() -> None:
    refused("AccessDenied", lambda: policy({"bucket": "a"}).check({}, "b", NOW))
    refused("AccessDenied", lambda: policy().check({}, "b", NOW))
    refused("AccessDenied", lambda: policy({"bucket": "a"}).check({"bucket": "a"}, "b", NOW))


def test_every_field_must_be_covered() -> None:
    covered = policy({"bucket": "b"}, ["starts-with", "$key", ""])
    free = {"policy": "p", "file": "f", "x-amz-signature": "s", "x-ignore-me": "i"}
    covered.check({"key": "k", **free, "awsaccesskeyid": "a", "signature": "s"}, "b", NOW)
    error = refused(
        "AccessDenied", lambda: covered.check({"key": "k", "tagging": "t", "acl": "p"}, "b", NOW)
    )
    assert error.message == "Invalid according to Policy: Extra input fields: acl, tagging"


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_policy_expires(seconds: int) -> None:
    allowed = policy({"bucket": "b"})
    end = allowed.expiration
    allowed.check({}, "b", end - timedelta(seconds=1))
    error = refused(
        "AccessDenied", lambda: allowed.check({}, "b", end + timedelta(seconds=seconds))
    )
    assert error.message == "Invalid according to Policy: Policy expired."


def test_names_and_operators_are_written_in_any_case() -> None:
    mixed = policy({"bUcKeT": "b"}, ["StArTs-WiTh", "$KeY", "foo"], ["EQ", "$Acl", "x"])
    mixed.check({"key": "foo.txt", "acl": "x"}, "b", NOW)
    refused("AccessDenied", lambda: mixed.check({"key": "foo.txt", "acl": "X"}, "b", NOW))


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("image/png", True),
        ("image/png,image/gif", True),
        ("image/png,text/html", False),
        ("", False),
    ],
)
def test_a_list_of_content_types_is_checked_one_by_one(value: str, holds: bool) -> None:
    images = policy({"bucket": "b"}, ["starts-with", "$Content-Type", "image/"])
    if holds:
        images.check({"content-type": value}, "b", NOW)
    else:
        refused("AccessDenied", lambda: images.check({"content-type": value}, "b", NOW))


def test_a_comma_in_another_field_is_a_comma() -> None:
    prefix = policy({"bucket": "b"}, ["starts-with", "$key", "a"])
    prefix.check({"key": "a,b"}, "b", NOW)


def test_lengths() -> None:
    ranged = policy({"bucket": "b"}, ["content-length-range", 10, "20"])
    for size in (10, 20):
        ranged.check_length(size)
    small = refused("EntityTooSmall", lambda: ranged.check_length(9))
    assert small.facts == {"ProposedSize": "9", "MinSizeAllowed": "10"}
    large = refused("EntityTooLarge", lambda: ranged.check_length(21))
    assert large.facts == {"ProposedSize": "21", "MaxSizeAllowed": "20"}
    both = policy(["content-length-range", 0, 15], ["Content-Length-Range", 12, 30])
    assert (both.least, both.most) == (12, 15)


def test_escapes_that_json_does_not_know() -> None:
    conditions = r'[{"bucket": "\$b\v\\\\"}]'
    text = f'{{"expiration": "{END}", "conditions": {conditions}}}'
    postpolicy.parse(encoded(text)).check({}, "$b\v\\\\", NOW)
    doubled = policy({"bucket": r"\$b"})
    doubled.check({}, r"\$b", NOW)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "nonsense",
        '"text"',
        "[" * 100_000,
        "{}",
        '{"expiration": "2015-12-30T12:00:00Z"}',
        '{"conditions": []}',
        '{"EXPIRATION": "2015-12-30T12:00:00Z", "conditions": []}',
        '{"expiration": "2015-12-30T12:00:00Z", "CONDITIONS": []}',
        '{"expiration": "2015-12-30 12:00:00+00:00", "conditions": []}',
        '{"expiration": "2015-12-30", "conditions": []}',
        '{"expiration": "2015-13-30T12:00:00Z", "conditions": []}',
        '{"expiration": 1450000000, "conditions": []}',
        '{"expiration": "2015-12-30T12:00:00Z", "conditions": {}}',
    ],
)
def test_documents_that_are_none(document: str) -> None:
    error = refused("InvalidPolicyDocument", lambda: postpolicy.parse(encoded(document)))
    assert error.status == 400


@pytest.mark.parametrize("text", ["***", "e30", base64.b64encode(b"\xff{}").decode(), "\u20ac"])
def test_policies_that_are_not_base64_of_text(text: str) -> None:
    refused("InvalidPolicyDocument", lambda: postpolicy.parse(text))


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"a": "1", "b": "2"},
        {"a": 1},
        {"a": None},
        [],
        "eq",
        7,
        [7, "$a", "b"],
        ["eq", "$a"],
        ["eq", "$a", "b", "c"],
        ["eq", "a", "b"],
        ["eq", "$a", 1],
        ["like", "$a", "b"],
        ["content-length-range", 0],
        ["content-length-range", 0, 1, 2],
        ["content-length-range", -1, 1],
        ["content-length-range", 2, 1],
        ["content-length-range", 0.5, 1],
        ["content-length-range", True, 1],
        ["content-length-range", "a", 1],
        ["content-length-range", None, 1],
        ["content-length-range", 0, "9" * 5000],
    ],
)
def test_conditions_that_are_none(condition: Any) -> None:
    refused("InvalidPolicyDocument", lambda: policy(condition))


def test_lines_of_base64_are_joined() -> None:
    text = encoded(PUBLISHED)
    lines = "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    assert postpolicy.parse(lines) == postpolicy.parse(text)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.lists(_json | st.tuples(st.sampled_from(["eq", "content-length-range"]), _json, _json)))
def test_nothing_breaks_the_reader(conditions: list[Any]) -> None:
    with pytest.raises(S3Error) as caught:  # no condition covers the bucket
        policy(*conditions).check({}, "b", NOW)
    assert caught.value.code in ("InvalidPolicyDocument", "AccessDenied")


@given(st.text())
def test_no_document_breaks_the_reader(text: str) -> None:
    for policy_text in (text, encoded(text)):
        refused(
            "InvalidPolicyDocument", lambda policy_text=policy_text: postpolicy.parse(policy_text)
        )
