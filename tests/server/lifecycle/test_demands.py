from __future__ import annotations

from datetime import UTC, datetime

import pytest

from holdall.s3.errors import S3Error
from holdall.server.lifecycle import demands
from holdall.server.lifecycle.rules import (
    Expiration,
    Filter,
    NoncurrentExpiration,
    Rule,
    Transition,
)

WEEK = Expiration(days=7)
TAGGED = Filter(tags=(("a", "1"),))


def rule(id="one", filter=None, **actions):
    return Rule(id, True, filter or Filter(), **(actions or {"expiration": WEEK}))


def check(*rules):
    """The code of what is refused; None if nothing is."""
    try:
        demands.check(rules)
    except S3Error as error:
        return error.code
    return None


def test_ids():
    assert check(rule("x" * 255)) is None
    assert check(rule("x" * 256)) == "InvalidArgument"
    assert check(rule("a"), rule("a")) == "InvalidArgument"
    assert check(rule("a"), rule("b")) is None


def test_old_and_new_rules_do_not_mix():
    old, new = rule("a", Filter("x", is_legacy=True)), rule("b", Filter("x"))
    assert check(old, new) == check(new, old) == "InvalidRequest"
    assert check(old) is check(new) is None


def test_a_rule_does_something():
    assert check(Rule("a", True, Filter())) == "InvalidRequest"


@pytest.mark.parametrize(
    ("filter", "code"),
    [
        (Filter(larger=0), None),
        (Filter(larger=-1), "InvalidRequest"),
        (Filter(smaller=1), None),
        (Filter(smaller=0), "InvalidRequest"),
        (Filter(smaller=50 * 1024**4 + 1), "InvalidRequest"),
        (Filter(larger=1, smaller=2), None),
        (Filter(larger=2, smaller=2), "InvalidRequest"),
    ],
)
def test_sizes(filter, code):
    assert check(rule(filter=filter)) == code


@pytest.mark.parametrize(
    ("expiration", "code"),
    [
        (Expiration(days=1), None),
        (Expiration(days=0), "InvalidArgument"),
        (Expiration(days=-1), "InvalidArgument"),
        (Expiration(days=2**31), "InvalidArgument"),
        (Expiration(date=datetime(2030, 1, 1, tzinfo=UTC)), None),
        (Expiration(date=datetime(2020, 1, 1, tzinfo=UTC)), None),
        (Expiration(date=datetime(2030, 1, 1, 1, tzinfo=UTC)), "InvalidArgument"),
    ],
)
def test_expirations(expiration, code):
    assert check(rule(expiration=expiration)) == code


@pytest.mark.parametrize("marker", [True, False])
def test_markers_have_neither_tags_nor_a_size(marker):
    action = {"expiration": Expiration(marker=marker)}
    assert check(rule(filter=Filter("x"), **action)) is None
    assert check(rule(filter=TAGGED, **action)) == "InvalidRequest"
    assert check(rule(filter=Filter(larger=1), **action)) == "InvalidRequest"


def test_uploads_have_neither_tags_nor_a_size():
    assert check(rule(filter=Filter("x"), abort=1)) is None
    assert check(rule(filter=TAGGED, abort=1)) == "InvalidRequest"
    assert check(rule(filter=Filter(smaller=1), abort=1)) == "InvalidRequest"
    assert check(rule(abort=0)) == "InvalidArgument"


@pytest.mark.parametrize(
    ("noncurrent", "code"),
    [
        (NoncurrentExpiration(1), None),
        (NoncurrentExpiration(0), "InvalidArgument"),
        (NoncurrentExpiration(1, 1), None),
        (NoncurrentExpiration(1, 0), "InvalidArgument"),
    ],
)
def test_noncurrent_versions(noncurrent, code):
    assert check(rule(noncurrent=noncurrent)) == code


def test_old_rules_keep_no_number_of_versions():
    old = Filter("x", is_legacy=True)
    assert check(rule(filter=old, noncurrent=NoncurrentExpiration(1))) is None
    assert check(rule(filter=old, noncurrent=NoncurrentExpiration(1, 1))) == "InvalidRequest"


@pytest.mark.parametrize(
    ("transitions", "code"),
    [
        ([Transition("GLACIER", 0)], None),
        ([Transition("GLACIER", -1)], "InvalidArgument"),
        ([Transition("STANDARD_IA", 29)], "InvalidArgument"),
        ([Transition("STANDARD_IA", 30)], None),
        ([Transition("ONEZONE_IA", 29)], "InvalidArgument"),
        ([Transition("GLACIER", 1), Transition("GLACIER", 2)], "InvalidRequest"),
        ([Transition("GLACIER", date=datetime(2030, 1, 1, tzinfo=UTC))], None),
        ([Transition("GLACIER", date=datetime(2030, 1, 1, 1, tzinfo=UTC))], "InvalidArgument"),
    ],
)
def test_transitions(transitions, code):
    assert check(rule(transitions=tuple(transitions))) == code


def test_nothing_moves_after_it_is_gone():
    moved = (Transition("GLACIER", 7),)
    assert check(rule(expiration=Expiration(days=8), transitions=moved)) is None
    assert check(rule(expiration=WEEK, transitions=moved)) == "InvalidArgument"


def test_one_clock_measures_both():
    moved = (Transition("GLACIER", date=datetime(2030, 1, 1, tzinfo=UTC)),)
    assert check(rule(expiration=WEEK, transitions=moved)) == "InvalidRequest"
