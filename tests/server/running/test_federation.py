"""What is asked of a provider's token service, and what its answers say."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from holdall.core.errors import NotSupported
from holdall.s3.federation import Wish, granted, policy, request
from holdall.s3.signing import Credentials
from holdall.server.access.actions import KNOWN, ON_BUCKETS, ON_OBJECTS, level_of
from holdall.server.imports import Place

NOW = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
KEYS = Credentials("AKIDPROVIDER", "their secret")
AWS = Place("aws", "box", "eu-central-1", None)
MINIO = Place("minio", "box", "us-east-1", "https://minio.example.com:9000")
HOUR = Wish(3600)

ANSWER = """<{0}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{0}Result><Credentials>
<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
<SessionToken>t</SessionToken><Expiration>2026-05-17T10:30:00Z</Expiration>
</Credentials></{0}Result></{0}Response>"""


@pytest.mark.parametrize(
    ("place", "url", "action"),
    [
        (AWS, "https://sts.eu-central-1.amazonaws.com/", "GetFederationToken"),
        (
            replace(AWS, endpoint="https://s3.eu-central-1.amazonaws.com"),
            "https://sts.eu-central-1.amazonaws.com/",
            "GetFederationToken",
        ),
        (replace(AWS, endpoint="http://moto:5000"), "http://moto:5000/", "GetFederationToken"),
        (MINIO, "https://minio.example.com:9000/", "AssumeRole"),
    ],
)
def test_who_is_asked_for_what(place: Place, url: str, action: str) -> None:
    found = request(place, KEYS, HOUR, NOW)
    form = parse_qs(found.body.decode(), strict_parsing=True)
    assert (str(found.url), form["Action"]) == (url, [action])
    assert (form["Version"], form["DurationSeconds"]) == (["2011-06-15"], ["3600"])
    assert "arn:aws:s3:::box/*" in form["Policy"][0]
    assert f"/20260517/{place.region}/sts/aws4_request" in found.headers["authorization"]
    assert "their secret" not in repr(found)


def test_who_has_nothing_of_the_kind() -> None:
    temporary = Credentials("ASIA", "secret", "token")
    for place, keys in ((replace(MINIO, provider="s3"), KEYS), (AWS, temporary)):
        with pytest.raises(NotSupported, match="signed addresses"):
            request(place, keys, HOUR, NOW)


def test_what_they_may_do() -> None:
    reading, writing = (str(policy("box", writes)) for writes in (False, True))
    for action in ("s3:PutObject", "s3:PutObjectTagging", "s3:Delete", "Upload"):
        assert action not in reading
        assert action in writing
    resources = {name for each in policy("box", True)["Statement"] for name in each["Resource"]}
    assert resources == {"arn:aws:s3:::box", "arn:aws:s3:::box/*"}
    actions = [name for each in policy("box", True)["Statement"] for name in each["Action"]]
    assert set(actions) <= KNOWN, "no wildcard, and nothing that Amazon has no name for"
    for each in policy("box", True)["Statement"]:
        on = ON_OBJECTS if each["Resource"] == ["arn:aws:s3:::box/*"] else ON_BUCKETS
        assert set(each["Action"]) <= on, "MinIO refuses a policy that mixes them"
    for writes, levels in ((False, {"read"}), (True, {"read", "write"})):
        named = {name for each in policy("box", writes)["Statement"] for name in each["Action"]}
        assert {level_of(name) for name in named} == levels, "no more than a grant gives here"
    assert len(json.dumps(policy("b" * 63, True), separators=(",", ":"))) < 2048, (
        "STS takes no more"
    )


@pytest.mark.parametrize("name", ["GetFederationToken", "AssumeRole"])
def test_an_answer(name: str) -> None:
    found = granted(ANSWER.format(name).encode())
    assert found is not None
    assert found.credentials == Credentials("ASIA1", "s", "t")
    assert found.expiration == datetime(2026, 5, 17, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"no XML", b"<html/>", b"<AssumeRoleResponse/>",
        ANSWER.format("AssumeRole").replace("2026-05-17T10:30:00Z", "soon").encode(),
        ANSWER.format("AssumeRole").replace("<SecretAccessKey>s</SecretAccessKey>", "").encode(),
        ANSWER.format("Other").encode(),
        b"<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>",
    ],
)  # fmt: skip
def test_what_is_no_answer(body: bytes) -> None:
    assert granted(body) is None
