"""The condition operators of policies (IAM User Guide, "Condition operators").

Each compares one value of the request with those that the policy wants. What is not a
number, a date or an address where one is wanted equals nothing and is in no order.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final, NamedTuple

from holdall.s3.times import from_iso
from holdall.server.access.wildcards import STAR, matches, matches_any

Network = IPv4Network | IPv6Network
Test = Callable[[str, Sequence[str]], bool]


class Operator(NamedTuple):
    """`test(value, wanted)` says whether the value is as one of those wanted; `valid` whether
    a text without variables may be wanted. A `negated` operator holds where the test fails.
    """

    test: Test
    valid: Callable[[str], bool]
    wildcards: bool = False
    negated: bool = False

    @property
    def inverse(self) -> Operator:
        return self._replace(negated=True)


_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")


def number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def date(text: str) -> float | None:
    """Seconds since 1970, of an ISO 8601 time or of such a number."""
    seconds = number(text)
    if seconds is not None:
        return seconds
    found = from_iso(text)
    return None if found is None else found.timestamp()


@lru_cache(maxsize=1024)
def network(text: str) -> Network | None:
    """An address or a range in CIDR notation; bits below its mask are allowed."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _equals(value: str, wanted: Sequence[str]) -> bool:
    return value in wanted


def _equals_ignoring_case(value: str, wanted: Sequence[str]) -> bool:
    return value.lower() in (each.lower() for each in wanted)


def _like(value: str, wanted: Sequence[str]) -> bool:
    return matches_any(wanted, value)


def _arn_like(value: str, wanted: Sequence[str]) -> bool:
    return any(_is_like_arn(each, value) for each in wanted)


def _is_like_arn(found: str, value: str) -> bool:
    """The six parts of an ARN are compared one by one: no wildcard spans a colon."""
    if found == STAR:
        return True
    patterns, parts = found.split(":", 5), value.split(":", 5)
    return len(patterns) == len(parts) == 6 and all(map(matches, patterns, parts))


def _within(value: str, wanted: Sequence[str]) -> bool:
    try:
        address = ip_address(value)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in found for found in map(network, wanted) if found)


def _compared(read: Callable[[str], float | None], order: Callable[[Any, Any], bool]) -> Test:
    def test(value: str, wanted: Sequence[str]) -> bool:
        found = read(value)
        limits = (read(each) for each in wanted)
        return found is not None and any(
            limit is not None and order(found, limit) for limit in limits
        )

    return test


def _is_arn(text: str) -> bool:
    return text == "*" or text.count(":") >= 5


def is_truth(text: str) -> bool:
    return text.lower() in ("true", "false")


def _anything(_: str) -> bool:
    return True


_STRINGS: Final = {
    "StringEquals": Operator(_equals, _anything),
    "StringEqualsIgnoreCase": Operator(_equals_ignoring_case, _anything),
    "StringLike": Operator(_like, _anything, wildcards=True),
    "ArnEquals": Operator(_arn_like, _is_arn, wildcards=True),
    "ArnLike": Operator(_arn_like, _is_arn, wildcards=True),
    "IpAddress": Operator(_within, lambda text: network(text) is not None),
    "Bool": Operator(_equals_ignoring_case, is_truth),
}

_NEGATED: Final = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}

_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


def _ordered(prefix: str, read: Callable[[str], float | None]) -> dict[str, Operator]:
    def valid(text: str) -> bool:
        return read(text) is not None

    return {
        prefix + name: Operator(_compared(read, order), valid) for name, order in _ORDERS.items()
    }


_POSITIVE: Final = _STRINGS | _ordered("Numeric", number) | _ordered("Date", date)

OPERATORS: Final = _POSITIVE | {
    name: _POSITIVE[positive].inverse for name, positive in _NEGATED.items()
}
"""By name. `Null` is none of them: it asks whether there is a value, not what it is."""
