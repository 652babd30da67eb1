"""Whether a policy is public, as "The meaning of public" in the S3 User Guide defines it.

A policy is taken to be public until each statement that allows something is seen to allow
it to fixed principals, or only where a condition fixes who or from where.
"""

from __future__ import annotations

from typing import Final

from holdall.server.access.conditions import Comparison, Condition
from holdall.server.access.operators import network
from holdall.server.access.policies import Policy, Statement
from holdall.server.access.templates import Template

_FIXING: Final = frozenset({
    "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:sourceaccount",
    "aws:sourcearn", "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce", "aws:userid",
    "s3:dataaccesspointaccount", "s3:x-amz-server-side-encryption-aws-kms-key-id",
})  # fmt: skip
_ACCESS_POINT: Final = "s3:dataaccesspointarn"
_COMPARING: Final = frozenset({
    "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"
})  # fmt: skip
_WIDEST: Final = {4: 8, 6: 32}
"""The shortest mask, by version, that still is no range of the public. No private range of
RFC 1918 has a shorter one, so that these need no exception."""


def is_public(policy: Policy) -> bool:
    return any(
        statement.effect == "Allow" and _is_public(statement) for statement in policy.statements
    )


def _is_public(statement: Statement) -> bool:
    if statement.principals is None or statement.principals.are_fixed:
        return False
    return not any(map(_fixes, statement.conditions))


def _fixes(condition: Condition) -> bool:
    """Whether all who meet a condition are known. What also holds for an absent key, as
    `…IfExists` and `ForAllValues` do, fixes nothing."""
    if not isinstance(condition, Comparison) or condition.if_exists:
        return False
    if condition.quantifier == "ForAllValues":
        return False
    if condition.key == "aws:sourceip":
        return condition.name == "IpAddress" and all(map(_is_narrow, condition.wanted))
    if condition.name not in _COMPARING:
        return False
    if condition.key == _ACCESS_POINT:
        return all(map(_has_fixed_account, condition.wanted))
    return condition.key in _FIXING and all(each.is_fixed for each in condition.wanted)


def _is_narrow(wanted: Template) -> bool:
    found = network(wanted.text)
    return found is not None and found.prefixlen >= _WIDEST[found.version]


def _has_fixed_account(wanted: Template) -> bool:
    """The name of an access point may be a wildcard, its account may not."""
    parts = wanted.text.split(":", 5)
    return len(parts) == 6 and parts[4].isdigit() and "$" not in wanted.text
