from __future__ import annotations

from typing import Any

import pytest

from holdall.server.access.policies import Policy
from holdall.server.access.publicity import is_public

from .people import policy, statement


def public(**fields: Any) -> bool:
    return is_public(policy(statement(**fields)))


def under(name: str, key: str, wanted: Any) -> Policy:
    return policy(statement(Condition={name: {key: wanted}}))


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ["bob", "*"]}, True),
        ({"AWS": "bob"}, False),
        ({"AWS": "arn:aws:iam::111122223333:root"}, False),
        ({"Service": "logging.s3.amazonaws.com"}, False),
    ],
)
def test_by_principal(principal: Any, expected: bool) -> None:
    assert public(Principal=principal) is expected


def test_all_but_some_are_the_public() -> None:
    assert public(NotPrincipal={"AWS": "bob"})


def test_denials_do_not_count() -> None:
    assert not is_public(policy(statement("Deny")))
    assert is_public(policy(statement("Deny"), statement()))
    assert is_public(policy(statement(Principal={"AWS": "bob"}), statement()))


@pytest.mark.parametrize(
    ("name", "key", "wanted", "expected"),
    [
        ("IpAddress", "aws:SourceIp", "192.0.2.0/24", False),
        ("IpAddress", "aws:SourceIp", ["192.0.2.1", "2001:db8::/32"], False),
        ("IpAddress", "aws:SourceIp", "0.0.0.0/0", True),
        ("IpAddress", "aws:SourceIp", ["192.0.2.0/24", "0.0.0.0/1"], True),
        ("IpAddress", "aws:SourceIp", "11.0.0.0/8", False),
        ("IpAddress", "aws:SourceIp", "12.0.0.0/7", True),
        ("IpAddress", "aws:SourceIp", "2001:d00::/24", True),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", False),
        ("NotIpAddress", "aws:SourceIp", "192.0.2.0/24", True),
        ("IpAddressIfExists", "aws:SourceIp", "192.0.2.0/24", True),
        ("StringEquals", "aws:SourceVpc", "vpc-1", False),
        ("StringLike", "aws:SourceVpc", "vpc-*", True),
        ("StringLike", "aws:SourceVpc", "vpc-1", False),
        ("StringNotEquals", "aws:SourceVpc", "vpc-1", True),
        ("StringEqualsIfExists", "aws:SourceVpc", "vpc-1", True),
        ("ForAllValues:StringEquals", "aws:SourceVpc", "vpc-1", True),
        ("ForAnyValue:StringEquals", "aws:SourceVpc", "vpc-1", False),
        ("StringEquals", "aws:SourceVpc", "${aws:username}", True),
        ("StringEquals", "aws:PrincipalOrgID", "o-1", False),
        ("ArnEquals", "aws:SourceArn", "arn:aws:s3:::logs", False),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*", True),
        ("StringEquals", "aws:userid", "AIDA1", False),
        ("StringLike", "aws:userid", "AROA1:*", True),
        ("ArnLike", "s3:DataAccessPointArn", "arn:aws:s3:*:111122223333:accesspoint/*", False),
        ("ArnLike", "s3:DataAccessPointArn", "arn:aws:s3:*:*:accesspoint/x", True),
        ("StringLike", "aws:Referer", "https://example.com/", True),
        ("Bool", "aws:SecureTransport", "true", True),
        ("StringEquals", "s3:ExistingObjectTag/public", "yes", True),
        ("Null", "aws:SourceVpc", "false", True),
    ],
)
def test_by_condition(name: str, key: str, wanted: Any, expected: bool) -> None:
    assert is_public(under(name, key, wanted)) is expected
