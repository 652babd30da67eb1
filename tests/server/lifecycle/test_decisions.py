from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from holdall.core.values import Revision
from holdall.server.lifecycle.decisions import (
    Place,
    abortion_rule,
    due_rule,
    longest_keep,
    places,
    prefixes,
)
from holdall.server.lifecycle.rules import Expiration, Filter, NoncurrentExpiration, Rule


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
    assert (due_rule([rule(expiration=expiration)], Place(revision()), time) is not None) is due


@pytest.mark.parametrize(
    "without", [rule(expiration=DAY, enabled=False), rule(Filter(prefix="x"), expiration=DAY)]
)
def test_rules_that_do_not_apply(without):
    assert due_rule([without], Place(revision()), on(30)) is None
    assert due_rule([without, rule(expiration=DAY)], Place(revision()), on(30))


def test_the_first_rule_that_applies_is_named():
    some = [rule(expiration=DAY, enabled=False), rule(expiration=DAY), rule(expiration=DAY)]
    named = [replace(one, id=str(number)) for number, one in enumerate(some)]
    assert due_rule(named, Place(revision()), on(30)) == "1"
    aborting = [replace(one, abort=days) for one, days in zip(named[1:], (3, 2), strict=True)]
    assert abortion_rule(aborting, "a", on(1), on(30)) == "2"


def test_tags_and_sizes():
    tagged = rule(Filter(tags=(("keep", "no"),), larger=5), expiration=DAY)
    assert due_rule([tagged], Place(revision(tags={"keep": "no"})), on(30))
    assert due_rule([tagged], Place(revision(tags={"keep": "no"}, size=5)), on(30)) is None
    assert due_rule([tagged], Place(revision()), on(30)) is None


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
    assert (due_rule(rules, place, time) is not None) is due
    assert (
        due_rule(rules, place._replace(revision=revision(is_marker=True)), time) is not None
    ) is due


def test_what_is_not_current_does_not_expire_and_the_reverse():
    assert due_rule([rule(expiration=DAY)], Place(revision(), on(2)), on(30)) is None
    assert due_rule([rule(noncurrent=NoncurrentExpiration(1))], Place(revision()), on(30)) is None


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
    assert (due_rule([rule(expiration=expiration)], marker, time) is not None) is due
    assert due_rule([rule(expiration=expiration)], marker._replace(is_alone=False), time) is None


def test_a_marker_has_no_tags():
    marker = Place(revision(is_marker=True), is_alone=True)
    assert due_rule([rule(Filter(tags=(("a", "b"),)), expiration=DAY)], marker, on(30)) is None


def test_abortions():
    rules = [rule(Filter(prefix="a"), abort=2)]
    assert abortion_rule(rules, "a", on(1, 10), on(3, 23)) is None
    assert abortion_rule(rules, "a", on(1, 10), on(4))
    assert abortion_rule(rules, "b", on(1, 10), on(4)) is None


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
