"""The Security Token Service, by boto3 and by hand."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.server.whole import Whole, s3

ROLE = "arn:aws:iam::123456789012:role/anything"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def sts(whole: Whole) -> Any:
    return s3(whole.profile, "sts")


def client_of(whole: Whole, found: dict[str, Any]) -> Any:
    made = {
        "access_key": found["AccessKeyId"],
        "secret_key": found["SecretAccessKey"],
        "session_token": found["SessionToken"],
    }
    return s3(whole.with_key(made))


def test_a_session_of_ones_own(whole: Whole, sts: Any) -> None:
    found = sts.get_session_token(DurationSeconds=900)["Credentials"]
    left = found["Expiration"] - datetime.now(UTC)
    assert timedelta(seconds=880) < left <= timedelta(seconds=900)
    client = client_of(whole, found)
    client.create_bucket(Bucket="of-a-session")
    assert "of-a-session" in [b["Name"] for b in client.list_buckets()["Buckets"]]


def test_a_role_is_ones_own_too(whole: Whole, sts: Any) -> None:
    answer = sts.assume_role(RoleArn=ROLE, RoleSessionName="me")
    assert answer["AssumedRoleUser"]["Arn"].endswith("assumed-role/admin/me")
    assert client_of(whole, answer["Credentials"]).list_buckets()


def test_a_policy_narrows_it(whole: Whole, sts: Any) -> None:
    answer = sts.assume_role(RoleArn=ROLE, RoleSessionName="me", Policy=json.dumps(POLICY))
    client = client_of(whole, answer["Credentials"])
    client.list_buckets()
    with pytest.raises(ClientError, match="AccessDenied"):
        client.create_bucket(Bucket="not-allowed")


@pytest.mark.parametrize(
    ("action", "wish", "code"),
    [
        ("assume_role", {"DurationSeconds": 899}, "ValidationError"),
        ("assume_role", {"DurationSeconds": 43_201}, "ValidationError"),
        ("assume_role", {"Policy": "{"}, "MalformedPolicyDocument"),
        ("assume_role", {"Policy": "x" * 2049}, "ValidationError"),
        ("assume_role", {"RoleSessionName": "a b"}, "ValidationError"),
        ("get_session_token", {"DurationSeconds": 129_601}, "ValidationError"),
        ("get_caller_identity", {}, "InvalidAction"),
    ],
)
def test_wrong_wishes(sts: Any, action: str, wish: dict[str, Any], code: str) -> None:
    given: dict[str, Any] = {"RoleArn": ROLE, "RoleSessionName": "me"}
    with pytest.raises(ClientError) as caught:
        getattr(sts, action)(**(given if action == "assume_role" else {}) | wish)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_session_makes_no_session(whole: Whole, sts: Any) -> None:
    found = sts.get_session_token()["Credentials"]
    made = {
        "access_key": found["AccessKeyId"],
        "secret_key": found["SecretAccessKey"],
        "session_token": found["SessionToken"],
    }
    with pytest.raises(ClientError) as caught:
        s3(whole.with_key(made), "sts").get_session_token()
    assert caught.value.response["Error"]["Code"] == "AccessDenied"


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ({"access_key": "AKIANOBODY"}, "InvalidClientTokenId"),
        ({"secret_key": "wrong secret"}, "SignatureDoesNotMatch"),
        ({"session_token": "bogus"}, "InvalidToken"),
    ],
)
def test_who_is_not_known(whole: Whole, made: dict[str, str], code: str) -> None:
    known = {"access_key": whole.profile.access_key, "secret_key": whole.profile.secret_key}
    with pytest.raises(ClientError) as caught:
        s3(whole.with_key(known | made), "sts").get_session_token()
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


def test_an_unsigned_form(whole: Whole) -> None:
    request = urllib.request.Request(whole.endpoint, data=b"Action=GetSessionToken")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as answer:
        assert answer.code == 403
        assert b"<Code>MissingAuthenticationToken</Code>" in answer.read()
