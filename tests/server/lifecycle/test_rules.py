from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from holdall.core.values import Revision
from holdall.server.lifecycle.rules import (
    Due,
    Expiration,
    Filter,
    NoncurrentExpiration,
    Rule,
    abort_headers,
    abortion,
    expiration,
    expiration_header,
    midnight_after,
)

MADE = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)


def revision(key="logs/a", size=100, tags=None, **more):
    return Revision(key, 0, "v", size, MADE, tags=tags or {}, **more)


def rule(id="rule", enabled=True, filter=None, **actions):
    return Rule(id, enabled, filter or Filter(), **actions)


def on(day, month=3):
    return datetime(2026, month, day, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "days", "expected"),
    [
        (MADE, 1, on(3)),
        (MADE, 0, on(2)),
        (on(1), 1, on(2)),
        (on(1), 0, on(1)),
        (on(1) + timedelta(microseconds=1), 0, on(2)),
        (datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), 1, on(2)),
    ],
)
def test_midnight_after(time, days, expected):
    assert midnight_after(time, days) == expected


def test_the_end_of_time():
    assert midnight_after(MADE, 2**31 - 1) == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("filter", "admitted"),
    [
        (Filter(), True),
        (Filter(prefix=""), True),
        (Filter(prefix="logs/"), True),
        (Filter(prefix="logs/", is_legacy=True), True),
        (Filter(prefix="other/"), False),
        (Filter(larger=99), True),
        (Filter(larger=100), False),
        (Filter(smaller=101), True),
        (Filter(smaller=100), False),
        (Filter(tags=(("a", "1"),)), True),
        (Filter(tags=(("a", "1"), ("b", "2"))), True),
        (Filter(tags=(("a", "2"),)), False),
        (Filter(tags=(("a", "1"), ("c", "3"))), False),
        (Filter(prefix="logs/", tags=(("a", "1"),), larger=1, smaller=1000), True),
        (Filter(prefix="logs/", tags=(("a", "1"),), larger=1, smaller=50), False),
    ],
)
def test_what_a_filter_admits(filter, admitted):
    assert filter.admits("logs/a", 100, {"a": "1", "b": "2"}) is admitted


def test_the_earliest_expiration_counts_and_of_equals_the_first():
    rules = [
        rule("late", expiration=Expiration(days=9)),
        rule("off", enabled=False, expiration=Expiration(days=1)),
        rule("other", filter=Filter("x"), expiration=Expiration(days=1)),
        rule("early", expiration=Expiration(days=3)),
        rule("equal", expiration=Expiration(days=3)),
        rule("marker", expiration=Expiration(marker=True)),
        rule("noncurrent", noncurrent=NoncurrentExpiration(1)),
    ]
    assert expiration(rules, revision()) == Due(on(5), "early")


def test_a_date():
    rules = [rule(expiration=Expiration(date=on(20)))]
    assert expiration(rules, revision()) == Due(on(20), "rule")


def test_noncurrent_versions():
    assert NoncurrentExpiration(2).due(MADE) == on(4)


def test_nothing_expires():
    rules = [rule(expiration=Expiration(marker=True)), rule(abort=1)]
    assert expiration(rules, revision()) is None


def test_the_header():
    rules = [rule("delete after 3 days", expiration=Expiration(days=3))]
    header = expiration_header(rules, revision(), MADE)
    assert header == ('expiry-date="Thu, 05 Mar 2026 00:00:00 GMT", rule-id="delete after 3 days"')


def test_a_header_carries_no_more_than_it_can():
    rules = [rule('a"é\r\n', expiration=Expiration(days=3))]
    header = expiration_header(rules, revision(), MADE)
    assert header is not None
    assert header.endswith('rule-id="a%22%C3%A9%0D%0A"')


def test_no_header():
    rules = [rule(expiration=Expiration(days=3))]
    old = revision(is_current=False)
    assert expiration_header(rules, old, MADE) is None
    assert expiration_header([], revision(), MADE) is None


def test_a_date_that_is_over_means_the_next_run():
    rules = [rule(expiration=Expiration(date=on(1, month=1)))]
    header = expiration_header(rules, revision(), MADE)
    assert header is not None
    assert header.startswith('expiry-date="Mon, 02 Mar 2026 00:00:00 GMT"')


def test_uploads_that_are_given_up():
    rules = [
        rule("off", enabled=False, abort=1),
        rule("other", filter=Filter("x"), abort=1),
        rule("week", abort=7),
        rule("three", filter=Filter("logs/"), abort=3),
    ]
    assert abortion(rules, "logs/a", MADE) == Due(on(5), "three")
    assert abort_headers(rules, "logs/a", MADE) == [
        ("x-amz-abort-date", "Thu, 05 Mar 2026 00:00:00 GMT"),
        ("x-amz-abort-rule-id", "three"),
    ]
    assert abort_headers(rules[:2], "logs/a", MADE) == []
