"""Which revisions a lifecycle lets go of at a given moment: values in, a rule or none out.

The rules are those of "Lifecycle configuration elements" in the S3 user guide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from holdall.core.values import Revision
from holdall.server.lifecycle.rules import Rule, abortion


class Place(NamedTuple):
    """Where a revision stands in its key's history.

    `replaced_at` is when another took its place, None for the current one; `newer` counts
    those that are not current and newer than it. `is_alone`: nothing stands behind it.
    """

    revision: Revision
    replaced_at: datetime | None = None
    newer: int = 0
    is_alone: bool = False


def places(listed: Sequence[Revision], last: Place | None) -> Iterator[Place]:
    """The places of a page of a listing of revisions, the newest of a key first; `last` is
    what the page before ended with.

    What stands behind the page's end is not known: its last one is taken to be alone, and
    who acts on that has to look.
    """
    for index, revision in enumerate(listed):
        behind = listed[index + 1] if index + 1 < len(listed) else None
        last = _after(last, revision)._replace(is_alone=not behind or behind.key != revision.key)
        yield last


def _after(last: Place | None, revision: Revision) -> Place:
    if last is None or last.revision.key != revision.key:
        return Place(revision)
    newer = 0 if last.replaced_at is None else last.newer + 1
    return Place(revision, last.revision.created_at, newer)


def due_rule(rules: Iterable[Rule], place: Place, now: datetime) -> str | None:
    """The id of the first rule by which it goes: a current content expires, all else is
    removed for good."""
    found = (rule.id for rule in rules if rule.enabled and _is_due(rule, place, now))
    return next(found, None)


def abortion_rule(
    rules: Iterable[Rule], key: str, started_at: datetime, now: datetime
) -> str | None:
    """The id of the rule by which an upload that is not completed is given up."""
    due = abortion(rules, key, started_at)
    return due.rule if due is not None and due.time <= now else None


def _is_due(rule: Rule, place: Place, now: datetime) -> bool:
    revision = place.revision
    if not rule.filter.admits(revision.key, revision.size, revision.tags):
        return False
    if place.replaced_at is not None:
        return _is_noncurrent_due(rule, place, place.replaced_at, now)
    if revision.is_marker:
        return place.is_alone and _is_marker_due(rule, revision, now)
    due = rule.expiration.due(revision.created_at) if rule.expiration else None
    return due is not None and due <= now


def _is_noncurrent_due(rule: Rule, place: Place, replaced_at: datetime, now: datetime) -> bool:
    found = rule.noncurrent
    return found is not None and place.newer >= (found.keep or 0) and found.due(replaced_at) <= now


def _is_marker_due(rule: Rule, marker: Revision, now: datetime) -> bool:
    """A marker that nothing is behind goes by its own element, or as old as objects of the
    rule go; a date speaks of objects alone."""
    found = rule.expiration
    if found is None:
        return False
    if found.days is None:
        return bool(found.marker)
    due = found.due(marker.created_at)
    return due is not None and due <= now


def removes_objects(rule: Rule) -> bool:
    return rule.enabled and (rule.expiration is not None or rule.noncurrent is not None)


def aborts_uploads(rule: Rule) -> bool:
    return rule.enabled and rule.abort is not None


def prefixes(rules: Iterable[Rule]) -> list[str]:
    """What to list so that every key of theirs is met, and each once."""
    found: list[str] = []
    for prefix in sorted({rule.filter.prefix or "" for rule in rules}):
        if not found or not prefix.startswith(found[-1]):
            found.append(prefix)
    return found


def longest_keep(rules: Iterable[Rule]) -> int:
    """Of how many newer noncurrent revisions any of the rules has to know."""
    return max((rule.noncurrent.keep or 0 for rule in rules if rule.noncurrent), default=0)
