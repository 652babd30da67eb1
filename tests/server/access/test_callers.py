from __future__ import annotations

from dataclasses import replace

from holdall.server.access.callers import context_of

from .people import ALICE, ANONYMOUS, caller, root


def test_what_conditions_know_of_a_user() -> None:
    found = context_of(replace(caller("alice"), account="111122223333"))
    assert found == {
        "aws:PrincipalType": "User",
        "aws:PrincipalIsAWSService": "false",
        "aws:userid": ALICE.id,
        "aws:username": "alice",
        "aws:PrincipalArn": "arn:aws:iam::111122223333:user/alice",
        "aws:PrincipalAccount": "111122223333",
    }
    assert "aws:PrincipalAccount" not in context_of(caller("alice"))
    assert context_of(root())["aws:PrincipalType"] == "Account"


def test_what_conditions_know_of_anonymous_callers() -> None:
    assert context_of(ANONYMOUS) == {
        "aws:PrincipalType": "Anonymous",
        "aws:PrincipalIsAWSService": "false",
        "aws:userid": "anonymous",
    }
