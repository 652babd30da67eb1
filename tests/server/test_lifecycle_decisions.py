from __future__ import annotations

from datetime import UTC, datetime

import pytest

from holdall.core.values import Revision
from holdall.server.lifecycle_decisions import (
    Place,
    is_abortion_due,
    is_due,
    longest_keep,
    places,
    prefixes,
)
from holdall.server.lifecycle_rules import Expiration, Filter, NoncurrentExpiration, Rule


def on(day, hour=0):
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def revision(key="a", number=0, made=None, **more):
    return Revision(key, number, f"v{number}", more.pop("size", 10), made or on(1, 10), **more)


def rule(filter=None, enabled=True, **actions):
    return Rule("rule", enabled, filter or Filter(), **actions)


DAY = Expiration(days=1)


def test_places_of_a_history():
    newest, middle, oldest = (revision(number=n, made=on(n + 1)) for n in (2, 1, 0))
    other = revision("b")
    assert list(places([newest, middle, oldest, other], None)) == [
        Place(newest),
        Place(middle, on(3), 0),
        Place(oldest, on(2), 1, True),
        Place(other, is_alone=True),
    ]


def test_a_history_goes_on_over_the_end_of_a_page():
    newest, middle, oldest = (revision(number=n, made=on(n + 1)) for n in (2, 1, 0))
    first = list(places([newest, middle], None))
    assert list(places([oldest], first[-1])) == [Place(oldest, on(2), 1, True)]
    assert list(places([], first[-1])) == []


@pytest.mark.parametrize(
    ("expiration", "time", "due"),
    [
        (DAY, on(2, 23), False),
        (DAY, on(3), True),
        (Expiration(date=on(9)), on(8, 23), False),
        (Expiration(date=on(9)), on(9), True),
        (Expiration(marker=True), on(30), False),
    ],
)
def test_current_contents(expiration, time, due):
    assert is_due([rule(expiration=expiration)], Place(revision()), time) is due


@pytest.mark.parametrize(
    "without", [rule(expiration=DAY, enabled=False), rule(Filter(prefix="x"), expiration=DAY)]
)
def test_rules_that_do_not_apply(without):
    assert not is_due([without], Place(revision()), on(30))
    assert is_due([without, rule(expiration=DAY)], Place(revision()), on(30))


def test_tags_and_sizes():
    tagged = rule(Filter(tags=(("keep", "no"),), larger=5), expiration=DAY)
    assert is_due([tagged], Place(revision(tags={"keep": "no"})), on(30))
    assert not is_due([tagged], Place(revision(tags={"keep": "no"}, size=5)), on(30))
    assert not is_due([tagged], Place(revision()), on(30))


@pytest.mark.parametrize(
    ("keep", "newer", "time", "due"),
    [
        (None, 0, on(5), False),
        (None, 0, on(6), True),
        (2, 1, on(30), False),
        (2, 2, on(30), True),
        (2, 2, on(5), False),
    ],
)
def test_noncurrent_revisions_count_from_being_replaced(keep, newer, time, due):
    place = Place(revision(), on(4, 12), newer)
    rules = [rule(noncurrent=NoncurrentExpiration(1, keep))]
    assert is_due(rules, place, time) is due
    assert is_due(rules, place._replace(revision=revision(is_marker=True)), time) is due


def test_what_is_not_current_does_not_expire_and_the_reverse():
    assert not is_due([rule(expiration=DAY)], Place(revision(), on(2)), on(30))
    assert not is_due([rule(noncurrent=NoncurrentExpiration(1))], Place(revision()), on(30))


@pytest.mark.parametrize(
    ("expiration", "time", "due"),
    [
        (Expiration(marker=True), on(1, 11), True),
        (Expiration(marker=False), on(30), False),
        (DAY, on(2), False),
        (DAY, on(3), True),
        (Expiration(date=on(2)), on(30), False),
    ],
)
def test_delete_markers_that_are_alone(expiration, time, due):
    marker = Place(revision(is_marker=True, size=0), is_alone=True)
    assert is_due([rule(expiration=expiration)], marker, time) is due
    assert not is_due([rule(expiration=expiration)], marker._replace(is_alone=False), time)


def test_a_marker_has_no_tags():
    marker = Place(revision(is_marker=True), is_alone=True)
    assert not is_due([rule(Filter(tags=(("a", "b"),)), expiration=DAY)], marker, on(30))


def test_abortions():
    rules = [rule(Filter(prefix="a"), abort=2)]
    assert not is_abortion_due(rules, "a", on(1, 10), on(3, 23))
    assert is_abortion_due(rules, "a", on(1, 10), on(4))
    assert not is_abortion_due(rules, "b", on(1, 10), on(4))


@pytest.mark.parametrize(
    ("given", "listed"),
    [
        ([], []),
        (["b/", "a/"], ["a/", "b/"]),
        (["a/", "a/b", "a/b/c", "ab"], ["a/", "ab"]),
        (["x", None], [""]),
    ],
)
def test_prefixes_meet_each_key_once(given, listed):
    assert prefixes([rule(Filter(prefix=prefix)) for prefix in given]) == listed


def test_longest_keep():
    kept = [rule(noncurrent=NoncurrentExpiration(1, keep)) for keep in (None, 3, 2)]
    assert longest_keep([rule(), *kept]) == 3
    assert longest_keep([rule()]) == 0
