from __future__ import annotations

from typing import Any

import pytest

from holdall.s3.errors import S3Error
from holdall.server.access.identity import Identity
from holdall.server.access.principals import parse

from .people import ALICE, ANONYMOUS, BOB

CALLER = Identity(
    kind="user", user="alice", canonical_id=ALICE.id, account="111122223333"
)  # fmt: skip


def names(found: Any, *, inverted: bool = False, caller: Identity = CALLER) -> bool:
    return parse(found, inverted=inverted).name(caller)


@pytest.mark.parametrize(
    "found",
    [
        "*",
        {"AWS": "*"},
        {"AWS": ["bob", "*"]},
        {"AWS": "alice"},
        {"AWS": "111122223333"},
        {"AWS": "arn:aws:iam::111122223333:root"},
        {"AWS": "arn:aws:iam::alice:root"},
        {"AWS": f"arn:aws:iam::{ALICE.id}:root"},
        {"AWS": "arn:aws:iam::111122223333:user/alice"},
        {"AWS": "arn:aws:iam::111122223333:user/division/team/alice"},
        {"AWS": "arn:aws:iam:::user/alice"},
        {"AWS": "arn:aws-cn:iam::111122223333:user/alice"},
        {"CanonicalUser": ALICE.id},
        {"Service": "logging.s3.amazonaws.com", "AWS": ["alice"]},
    ],
)
def test_who_is_meant(found: Any) -> None:
    assert names(found)
    assert not names(found, inverted=True)


@pytest.mark.parametrize(
    "found",
    [
        {"AWS": "bob"},
        {"AWS": "999999999999"},
        {"AWS": "arn:aws:iam::999999999999:user/alice"},
        {"AWS": "arn:aws:iam::111122223333:user/bob"},
        {"AWS": "arn:aws:iam::111122223333:role/alice"},
        {"AWS": "arn:aws:sts::111122223333:assumed-role/alice/alice"},
        {"AWS": "arn:aws:sts::111122223333:federated-user/alice"},
        {"CanonicalUser": BOB.id},
        {"CanonicalUser": "alice"},
        {"Service": "s3.amazonaws.com"},
        {"Federated": "accounts.google.com"},
    ],
)
def test_who_is_not_meant(found: Any) -> None:
    assert not names(found)
    assert names(found, inverted=True)


def test_anonymous_callers_are_everybody_and_nobody_else() -> None:
    assert names("*", caller=ANONYMOUS)
    assert names({"AWS": "*"}, caller=ANONYMOUS)
    assert not names({"AWS": "alice"}, caller=ANONYMOUS)
    assert names({"AWS": "alice"}, inverted=True, caller=ANONYMOUS)
    assert not names({"AWS": "arn:aws:iam:::user/alice"}, caller=ANONYMOUS)


@pytest.mark.parametrize("name", ["111122223333", ALICE.id])
def test_nobody_becomes_somebody_else_by_name(name: str) -> None:
    mallory = Identity(kind="user", user=name, canonical_id="f" * 64, account="999999999999")
    for found in (name, f"arn:aws:iam::{name}:root", f"arn:aws:iam::{name}:user/{name}"):
        assert not names({"AWS": found}, caller=mallory)


@pytest.mark.parametrize(
    "found",
    [
        None, "alice", "arn:aws:iam::111122223333:root", "", [], ["*"], {}, 1, {"AWS": []},
        {"AWS": None}, {"AWS": ""}, {"AWS": {"AWS": "*"}}, {"aws": "*"}, {"Everyone": "*"},
        {"AWS": "ali*"}, {"AWS": "a/b"}, {"AWS": "a:b"}, {"AWS": "arn:aws:iam::*:root"},
        {"AWS": "arn:aws:iam::111122223333:user/*"}, {"AWS": "arn:aws:iam::111122223333:user/"},
        {"AWS": "arn:aws:iam::111122223333:group/x"}, {"AWS": "arn:aws:iam:::root"},
        {"AWS": "arn:aws:iam::111122223333:rootx"}, {"AWS": "arn:aws:s3:::photos"},
        {"AWS": "arn:aws:sts::111122223333:assumed-role/*"}, {"CanonicalUser": "*"},
        {"CanonicalUser": ""}, {"Service": "*"}, {"Service": "example.com"}, {"Federated": "*"},
        {"Federated": ""}, {"AWS": "\ud800"},
    ],
)  # fmt: skip
def test_what_names_nobody_is_refused(found: Any) -> None:
    with pytest.raises(S3Error, match="Invalid principal in policy") as caught:
        parse(found, inverted=False)
    assert caught.value.code == "MalformedPolicy"
