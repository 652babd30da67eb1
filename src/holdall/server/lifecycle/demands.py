"""What S3 demands of lifecycle rules that are well-formed: no contradictions, no nonsense."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from holdall.s3.errors import S3Error
from holdall.s3.times import to_iso
from holdall.server.lifecycle.rules import Filter, Rule, Transition, midnight_after

MAX_ID: Final = 255
MAX_SIZE: Final = 50 * 1024**4
"""Bytes of the largest object."""
_LEAST_DAYS: Final = 30
_INFREQUENT: Final = frozenset({"STANDARD_IA", "ONEZONE_IA"})
"""Classes to which nothing goes that is younger than thirty days."""


MOST_KEPT: Final = 100
"""Newer noncurrent versions that a rule may keep (S3 \"Lifecycle configuration elements\")."""


def check(rules: Sequence[Rule]) -> None:
    """Raise for the first thing that is wrong."""
    _check_ids(rules)
    _check_forms(rules)
    for rule in rules:
        _check_rule(rule)


def _check_ids(rules: Sequence[Rule]) -> None:
    seen = set[str]()
    for rule in rules:
        if len(rule.id) > MAX_ID:
            raise _argument(f"ID length should not exceed allowed limit of {MAX_ID}", "ID", rule.id)
        if rule.id in seen:
            message = "Rule ID must be unique. Found same ID for more than one rule"
            raise _argument(message, "ID", rule.id)
        seen.add(rule.id)


def _check_forms(rules: Sequence[Rule]) -> None:
    """Rules with a prefix of their own ("V1") and rules with a filter do not mix."""
    legacy = rules[0].filter.is_legacy
    if all(rule.filter.is_legacy == legacy for rule in rules):
        return
    if legacy:
        raise S3Error("InvalidRequest", "Filter element can only be used in Lifecycle V2.")
    raise S3Error(
        "InvalidRequest",
        "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the"
        " Filter.",
    )


def _check_rule(rule: Rule) -> None:
    _check_acts(rule)
    _check_sizes(rule.filter)
    _check_expiration(rule)
    _check_noncurrent(rule)
    _check_abort(rule)
    _check_transitions(rule)


def _check_acts(rule: Rule) -> None:
    actions = (rule.expiration, rule.noncurrent, rule.abort)
    if all(action is None for action in actions) and not (
        rule.transitions or rule.noncurrent_transitions
    ):
        raise S3Error("InvalidRequest", "At least one action needs to be specified in a rule")


def _check_sizes(filter: Filter) -> None:
    larger, smaller = filter.larger, filter.smaller
    if larger is not None and not 0 <= larger <= MAX_SIZE:
        raise _between("ObjectSizeGreaterThan", 0)
    if smaller is not None and not 1 <= smaller <= MAX_SIZE:
        raise _between("ObjectSizeLessThan", 1)
    if larger is not None and smaller is not None and smaller <= larger:
        raise S3Error(
            "InvalidRequest",
            "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.",
        )


def _between(name: str, least: int) -> S3Error:
    return S3Error("InvalidRequest", f"'{name}' should be between {least} and {MAX_SIZE}.")


def _check_expiration(rule: Rule) -> None:
    found = rule.expiration
    if found is None:
        return
    if found.days is not None:
        _demand_positive(found.days, "Days", "Expiration")
    if found.date is not None:
        _demand_midnight(found.date)
    if found.marker is not None:
        _demand_plain(rule.filter, "ExpiredObjectDeleteMarker")


def _check_noncurrent(rule: Rule) -> None:
    found = rule.noncurrent
    if found is None:
        return
    _demand_positive(found.days, "NoncurrentDays", "NoncurrentVersionExpiration")
    _check_keep(found.keep, "NoncurrentVersionExpiration", rule)


def _check_keep(keep: int | None, action: str, rule: Rule) -> None:
    if keep is None:
        return
    if rule.filter.is_legacy:
        raise S3Error(
            "InvalidRequest", "NewerNoncurrentVersions element can only be used in Lifecycle V2."
        )
    _demand_positive(keep, "NewerNoncurrentVersions", action)
    if keep > MOST_KEPT:
        raise S3Error(
            "InvalidArgument", f"'NewerNoncurrentVersions' for {action} must be at most {MOST_KEPT}"
        )


def _check_abort(rule: Rule) -> None:
    if rule.abort is None:
        return
    _demand_positive(rule.abort, "DaysAfterInitiation", "AbortIncompleteMultipartUpload")
    _demand_plain(rule.filter, "AbortIncompleteMultipartUpload")


def _check_transitions(rule: Rule) -> None:
    for found, element, action in (
        (rule.transitions, "Days", "Transition"),
        (rule.noncurrent_transitions, "NoncurrentDays", "NoncurrentVersionTransition"),
    ):
        _check_classes(found, action)
        for each in found:
            _check_transition(each, element, action)
            _check_keep(each.keep, action, rule)
    _check_order(rule)


def _check_classes(found: Iterable[Transition], action: str) -> None:
    classes = [each.storage_class for each in found]
    if len(set(classes)) < len(classes):
        raise S3Error(
            "InvalidRequest", f"'StorageClass' must be different for '{action}' actions in a Rule"
        )


def _check_transition(found: Transition, element: str, action: str) -> None:
    if found.date is not None:
        _demand_midnight(found.date)
    if found.days is None:
        return
    least = _LEAST_DAYS if found.storage_class in _INFREQUENT else 0
    if found.days < least:
        raise _argument(
            f"'{element}' in {action} action must be greater than or equal to {least} for"
            f" storageClass '{found.storage_class}'",
            element,
            str(found.days),
        )


def _check_order(rule: Rule) -> None:
    """Nothing is moved after it is gone, and one clock measures both."""
    expiration = rule.expiration
    if expiration is None or expiration.marker is not None:
        return
    for found in rule.transitions:
        if (found.days is None) != (expiration.days is None):
            raise S3Error(
                "InvalidRequest",
                "Found mixed 'Date' and 'Days' based Expiration and Transition actions in"
                " lifecycle rule",
            )
        if found.days is not None and expiration.days is not None:
            _demand_later(expiration.days, found.days)


def _demand_later(expires: int, moves: int) -> None:
    if expires <= moves:
        message = "'Days' in the Expiration action must be greater than in the Transition action"
        raise _argument(message, "Days", str(expires))


def _demand_positive(count: int, element: str, action: str) -> None:
    if not 0 < count < 2**31:
        message = f"'{element}' for {action} action must be a positive integer"
        raise _argument(message, element, str(count))


def _demand_midnight(date: datetime) -> None:
    if midnight_after(date, 0) != date:
        raise _argument("'Date' must be at midnight GMT", "Date", to_iso(date))


def _demand_plain(filter: Filter, element: str) -> None:
    """What has neither tags nor a size cannot be chosen by them."""
    if filter.tags:
        raise S3Error("InvalidRequest", f"{element} cannot be specified with Tags.")
    if filter.has_size:
        raise S3Error("InvalidRequest", f"{element} cannot be specified with Object Size.")


def _argument(message: str, name: str, value: str) -> S3Error:
    return S3Error("InvalidArgument", message, ArgumentName=name, ArgumentValue=value)
