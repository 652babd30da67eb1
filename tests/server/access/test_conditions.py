from __future__ import annotations

from typing import Any

import pytest

from holdall.s3.errors import S3Error
from holdall.server.access.conditions import parse
from holdall.server.access.context import Context

from .people import context

NOTHING = context()


def holds(name: str, key: str, wanted: Any, found: Context) -> bool:
    (condition,) = parse({name: {key: wanted}}, variables=True)
    return condition.holds(found)


PREFIX = context(s3__prefix="home/alice")
TAGS = Context({"s3:RequestObjectTagKeys": ("team", "stage")})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("StringEquals", False),
        ("StringLike", False),
        ("Bool", False),
        ("StringNotEquals", True),
        ("StringNotLike", True),
        ("StringEqualsIfExists", True),
        ("StringNotEqualsIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAllValues:StringNotEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAnyValue:StringEqualsIfExists", True),
    ],
)
def test_a_key_without_a_value(name: str, expected: bool) -> None:
    assert holds(name, "s3:prefix", "true", NOTHING) is expected


def test_if_exists_compares_what_exists() -> None:
    assert not holds("StringEqualsIfExists", "s3:prefix", "x", PREFIX)
    assert holds("StringLikeIfExists", "s3:prefix", "home/*", PREFIX)


def test_an_empty_value_is_a_value() -> None:
    assert holds("StringEquals", "s3:prefix", ["", "home/"], context(s3__prefix=""))


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [("true", NOTHING, True), ("false", NOTHING, False), ("true", PREFIX, False),
     (False, PREFIX, True), (True, NOTHING, True), (["true", "false"], PREFIX, True)],
)  # fmt: skip
def test_null(wanted: Any, found: Context, expected: bool) -> None:
    assert holds("Null", "s3:prefix", wanted, found) is expected


@pytest.mark.parametrize(
    ("name", "wanted", "expected"),
    [
        ("ForAllValues:StringEquals", ["team", "stage", "cost"], True),
        ("ForAllValues:StringEquals", ["team"], False),
        ("ForAnyValue:StringEquals", ["team"], True),
        ("ForAnyValue:StringEquals", ["cost"], False),
        ("ForAllValues:StringNotEquals", ["cost"], True),
        ("ForAllValues:StringNotEquals", ["team"], False),
        ("ForAnyValue:StringNotEquals", ["team"], True),
        ("ForAnyValue:StringNotEquals", ["team", "stage"], False),
        ("ForAnyValue:StringLike", ["te*"], True),
        ("StringEquals", ["stage"], True),
        ("StringNotEquals", ["stage"], False),
    ],
)
def test_keys_of_many_values(name: str, wanted: list[str], expected: bool) -> None:
    assert holds(name, "s3:RequestObjectTagKeys", wanted, TAGS) is expected


def test_values_are_alternatives_and_negated_ones_all_count() -> None:
    assert holds("StringEquals", "s3:prefix", ["x", "home/alice"], PREFIX)
    assert not holds("StringNotEquals", "s3:prefix", ["x", "home/alice"], PREFIX)


def test_keys_and_operators_must_all_hold() -> None:
    block = {
        "StringLike": {"s3:prefix": "home/*", "aws:UserAgent": "aws*"},
        "Bool": {"aws:SecureTransport": True},
    }
    found = parse(block, variables=True)
    assert len(found) == 3
    full = {"s3:prefix": "home/x", "aws:UserAgent": "aws-cli", "aws:SecureTransport": "true"}
    assert all(each.holds(Context(full)) for each in found)
    for key in full:
        assert not all(each.holds(Context(full | {key: "false"})) for each in found)


def test_variables_in_values() -> None:
    found = context(aws__username="alice", s3__prefix="home/alice")
    assert holds("StringEquals", "s3:prefix", "home/${aws:username}", found)
    assert not holds("StringEquals", "s3:prefix", "home/${aws:username}", PREFIX)
    assert holds("StringNotEquals", "s3:prefix", "home/${aws:username}", PREFIX)
    (literal,) = parse({"StringEquals": {"s3:prefix": "${aws:username}"}}, variables=False)
    assert literal.holds(context(s3__prefix="${aws:username}", aws__username="x"))


def test_a_variable_of_unknown_content_is_not_checked_ahead() -> None:
    found = context(s3__max_keys="5", aws__username="7")
    assert holds("NumericLessThan", "s3:max-keys", "${aws:username}", found)


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ([], "Invalid policy syntax"),
        ({"StringEquals": []}, "Invalid policy syntax"),
        ({"StringEquals": {}}, "Invalid policy syntax"),
        ({"StringMatches": {"s3:prefix": "x"}}, "Invalid Condition type : StringMatches"),
        ({"stringequals": {"s3:prefix": "x"}}, "Invalid Condition type"),
        ({"NullIfExists": {"s3:prefix": "true"}}, "Invalid Condition type"),
        ({"ForSomeValues:StringEquals": {"s3:prefix": "x"}}, "Invalid Condition type"),
        ({"\ud800": {"s3:prefix": "x"}}, "Invalid Condition type"),
        ({"StringEquals": {"s3:nokey": "x"}}, "invalid condition key"),
        ({"StringEquals": {"prefix": "x"}}, "invalid condition key"),
        ({"StringEquals": {"s3:prefix": []}}, "invalid condition value"),
        ({"StringEquals": {"s3:prefix": None}}, "invalid condition value"),
        ({"StringEquals": {"s3:prefix": {"a": "b"}}}, "invalid condition value"),
        ({"StringEquals": {"s3:prefix": "\udc00"}}, "invalid condition value"),
        ({"Null": {"s3:prefix": "maybe"}}, "invalid condition value"),
        ({"IpAddress": {"aws:SourceIp": "300.0.0.1"}}, "invalid condition value"),
        ({"NumericEquals": {"s3:max-keys": "ten"}}, "invalid condition value"),
    ],
)
def test_what_is_no_condition(block: Any, problem: str) -> None:
    with pytest.raises(S3Error, match=problem) as caught:
        parse(block, variables=True)
    assert caught.value.code == "MalformedPolicy"
    caught.value.message.encode()  # it can be sent
