"""Lifecycle rules as values: what they apply to, and when they are due.

The rules are those of "Lifecycle configuration elements" in the S3 user guide. Holdall keeps
all bytes in one class of storage: transitions are checked, kept and shown, and nothing is
moved when they are due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import quote

from holdall.core.values import Revision
from holdall.s3.times import to_http

DAY: Final = timedelta(days=1)
MINIMUM_SIZES: Final = ("all_storage_classes_128K", "varies_by_storage_class")
"""From which size on objects change their class when rules do not say; the default first."""
_IN_HEADERS: Final = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in '"%\\')


@dataclass(frozen=True, slots=True)
class Filter:
    """What a rule applies to. `prefix` None: none was given. Sizes are bytes, exclusive.

    `is_legacy`: it is the `Prefix` of the rule itself, as rules had it before filters.
    """

    prefix: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    larger: int | None = None
    smaller: int | None = None
    is_legacy: bool = False

    def admits(self, key: str, size: int, tags: Mapping[str, str]) -> bool:
        return (
            self.admits_key(key)
            and (self.larger is None or size > self.larger)
            and (self.smaller is None or size < self.smaller)
            and all(tags.get(name) == value for name, value in self.tags)
        )

    def admits_key(self, key: str) -> bool:
        """All that can be asked of an upload that is not complete."""
        return key.startswith(self.prefix or "")

    @property
    def has_size(self) -> bool:
        return self.larger is not None or self.smaller is not None


@dataclass(frozen=True, slots=True)
class Expiration:
    """When current objects go: one of three. `marker` are delete markers that nothing is
    behind any more."""

    days: int | None = None
    date: datetime | None = None
    marker: bool | None = None

    def due(self, created_at: datetime) -> datetime | None:
        """When a current object of that age goes."""
        if self.days is not None:
            return midnight_after(created_at, self.days)
        return self.date


@dataclass(frozen=True, slots=True)
class NoncurrentExpiration:
    """When versions go that are not current: so many days after they were replaced, and only
    those that have `keep` newer ones that are not current either."""

    days: int
    keep: int | None = None

    def due(self, replaced_at: datetime) -> datetime:
        return midnight_after(replaced_at, self.days)


@dataclass(frozen=True, slots=True)
class Transition:
    """Kept and not run. `days` count from creation, or from being replaced where the rule
    speaks of noncurrent versions; those alone have `keep`."""

    storage_class: str
    days: int | None = None
    date: datetime | None = None
    keep: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """S3's LifecycleRule. `abort` are days after an upload was started."""

    id: str
    enabled: bool
    filter: Filter
    expiration: Expiration | None = None
    noncurrent: NoncurrentExpiration | None = None
    abort: int | None = None
    transitions: tuple[Transition, ...] = ()
    noncurrent_transitions: tuple[Transition, ...] = ()


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """All rules of a bucket, in the order given, and which objects are too small to move."""

    rules: tuple[Rule, ...]
    minimum_size: str = MINIMUM_SIZES[0]


class Due(NamedTuple):
    """When a rule acts, and which."""

    time: datetime
    rule: str


def midnight_after(time: datetime, days: int) -> datetime:
    """So many days later, rounded up to the next midnight UTC as S3 does it; the end of time
    for what is beyond."""
    try:
        later = time.astimezone(UTC) + days * DAY
        midnight = later.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight if midnight == later else midnight + DAY
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def expiration(rules: Iterable[Rule], revision: Revision) -> Due | None:
    """When a current object goes; the first rule counts of those that say the same."""
    found = list(_expirations(rules, revision))
    return min(found, key=lambda due: due.time, default=None)


def _expirations(rules: Iterable[Rule], revision: Revision) -> Iterator[Due]:
    for rule in rules:
        if not rule.enabled or rule.expiration is None:
            continue
        time = rule.expiration.due(revision.created_at)
        if time is not None and rule.filter.admits(revision.key, revision.size, revision.tags):
            yield Due(time, rule.id)


def abortion(rules: Iterable[Rule], key: str, started_at: datetime) -> Due | None:
    """When an upload that is not completed is given up."""
    found = [
        Due(midnight_after(started_at, rule.abort), rule.id)
        for rule in rules
        if rule.enabled and rule.abort is not None and rule.filter.admits_key(key)
    ]
    return min(found, key=lambda due: due.time, default=None)


def expiration_header(rules: Iterable[Rule], revision: Revision, now: datetime) -> str | None:
    """The value of `x-amz-expiration` (S3 HeadObject); None where no rule says anything.

    A date that is over still counts for what is written now: it goes with the next run.
    """
    due = expiration(rules, revision)
    if due is None or not revision.is_current:
        return None
    time = max(due.time, midnight_after(now, 0)) if due.time < now else due.time
    return f'expiry-date="{to_http(time)}", rule-id="{_in_header(due.rule)}"'


def abort_headers(rules: Iterable[Rule], key: str, started_at: datetime) -> list[tuple[str, str]]:
    """What S3 says of an upload when a rule will abort it (CreateMultipartUpload, ListParts)."""
    due = abortion(rules, key, started_at)
    if due is None:
        return []
    return [
        ("x-amz-abort-date", to_http(due.time)),
        ("x-amz-abort-rule-id", _in_header(due.rule)),
    ]


def _in_header(id: str) -> str:
    """An id as it is, but for what no header can carry."""
    return quote(id, safe=_IN_HEADERS)
