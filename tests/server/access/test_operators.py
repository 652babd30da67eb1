from __future__ import annotations

import pytest

from holdall.server.access.operators import OPERATORS
from holdall.server.access.wildcards import pattern

ARN = "arn:aws:s3:us-east-1:111122223333:bucket/x"


def test(name: str, value: str, wanted: str) -> bool:
    operator = OPERATORS[name]
    wanted = pattern(wanted) if operator.wildcards else wanted
    return operator.test(value, ["no value is like this: ::", wanted]) != operator.negated


test.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "value", "wanted", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "ab", "a*", False),
        ("StringEquals", "", "", True),
        ("StringNotEquals", "a", "a", False),
        ("StringNotEquals", "a", "b", True),
        ("StringEqualsIgnoreCase", "aB", "Ab", True),
        ("StringNotEqualsIgnoreCase", "aB", "Ab", False),
        ("StringLike", "home/alice", "home/*", True),
        ("StringLike", "home/alice", "home/?", False),
        ("StringLike", "Home", "home", False),
        ("StringNotLike", "home/alice", "home/*", False),
        ("NumericEquals", "10", "10.0", True),
        ("NumericEquals", "1_0", "10", False),
        ("NumericEquals", "ten", "10", False),
        ("NumericNotEquals", "10", "11", True),
        ("NumericLessThan", "9", "10", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "-1", "-2", True),
        ("NumericGreaterThanEquals", "1e3", "1000", True),
        ("DateEquals", "2024-01-01T00:00:00Z", "1704067200", True),
        ("DateNotEquals", "2024-01-01T00:00:00Z", "2024-01-01", False),
        ("DateLessThan", "2023-12-31T23:59:59Z", "2024-01-01T00:00:00Z", True),
        ("DateLessThan", "2024-01-01T01:00:00+02:00", "2024-01-01T00:00:00Z", True),
        ("DateGreaterThan", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", False),
        ("DateGreaterThanEquals", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", True),
        ("DateLessThan", "yesterday", "2024-01-01T00:00:00Z", False),
        ("Bool", "true", "True", True),
        ("Bool", "false", "true", False),
        ("IpAddress", "192.0.2.7", "192.0.2.0/24", True),
        ("IpAddress", "192.0.2.7", "192.0.2.9/24", True),
        ("IpAddress", "192.0.3.7", "192.0.2.0/24", False),
        ("IpAddress", "192.0.2.7", "192.0.2.7", True),
        ("IpAddress", "2001:db8::1", "2001:db8::/32", True),
        ("IpAddress", "2001:db8::1", "0.0.0.0/0", False),
        ("IpAddress", "::ffff:192.0.2.7", "192.0.2.0/24", True),
        ("IpAddress", "unknown", "0.0.0.0/0", False),
        ("NotIpAddress", "192.0.2.7", "192.0.2.0/24", False),
        ("NotIpAddress", "unknown", "0.0.0.0/0", True),
        ("ArnLike", ARN, "arn:aws:s3:*:111122223333:bucket/*", True),
        ("ArnLike", ARN, "arn:aws:s3:*", False),
        ("ArnLike", ARN, "*", True),
        ("ArnEquals", ARN, "arn:*:s3:us-east-?:*:bucket/x", True),
        ("ArnNotEquals", ARN, ARN, False),
        ("ArnNotLike", ARN, "arn:aws:s3:*:111122223333:other/*", True),
    ],
)
def test_comparisons(name: str, value: str, wanted: str, expected: bool) -> None:
    assert test(name, value, wanted) is expected


@pytest.mark.parametrize(
    ("name", "text"),
    [("NumericEquals", "many"), ("NumericLessThan", "nan"), ("NumericLessThan", "infinity"),
     ("DateEquals", "soon"), ("Bool", "yes"),
     ("IpAddress", "example.com"), ("NotIpAddress", "192.0.2.0/99"), ("ArnLike", "photos")],
)  # fmt: skip
def test_what_cannot_be_wanted(name: str, text: str) -> None:
    assert not OPERATORS[name].valid(text)
