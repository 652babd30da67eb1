"""Runs the lifecycles of all buckets: what is due goes.

A listing finds what is due; whether it still is, is decided again in the transaction that
lets it go, by the rules and the history of that moment.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from holdall.catalog.tables import blobs, buckets, leases, revisions, settings, uploads
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.revisions import MARKER, RevisionRow
from holdall.catalog.transaction import Reads, Transaction
from holdall.core.errors import BucketNotFound, HoldallError, Locked
from holdall.core.names import encode_key
from holdall.core.values import Revision, UploadRecord
from holdall.engine import records
from holdall.engine.collect import collect_soon
from holdall.engine.delete import delete_current
from holdall.engine.engine import LEASE, Engine
from holdall.engine.locking import refuse_locked
from holdall.engine.remove import remove_revision
from holdall.engine.uploads import abort_row, list_uploads
from holdall.engine.versions import START, list_versions
from holdall.s3.errors import S3Error
from holdall.server.lifecycle import decisions
from holdall.server.lifecycle.decisions import Place
from holdall.server.lifecycle.documents import SETTING, from_setting
from holdall.server.lifecycle.rules import Rule, midnight_after

ACTOR: Final = "lifecycle"
"""Who does it, as events say."""
TURN: Final = "lifecycle"
AWAIT_TURN: Final = 60.0
"""Seconds between two looks at whether there is something to run."""
PAGE: Final = 500
"""Revisions that are judged at once."""
BATCH: Final = 100
"""Revisions that go in one transaction."""

Rules = Sequence[Rule]
Renew = Callable[[], Awaitable[None]]
_log = logging.getLogger("holdall.server")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did. `expired` current contents, `removed` revisions and markers for good,
    `aborted` uploads; `kept` were due and are locked."""

    expired: int = 0
    removed: int = 0
    aborted: int = 0
    kept: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.expired + other.expired,
            self.removed + other.removed,
            self.aborted + other.aborted,
            self.kept + other.kept,
        )


ByRule = Mapping[str, Outcome]
"""What each rule of a bucket did, by its id."""


def total_of(outcomes: ByRule) -> Outcome:
    return sum(outcomes.values(), Outcome())


class TurnLost(Exception):
    """Another process took this one for dead, and runs the lifecycles in its place."""


class LifecycleRunner:
    """Runs once a day, after midnight UTC, in one of the processes that serve a store.

    Who has the turn keeps it: at work by renewing it, and then until the next midnight.
    Should it die at work, another begins anew a minute later.
    """

    def __init__(self, engine: Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now
        self._holder = secrets.token_hex(8)
        self._rests_until: datetime | None = None

    async def run_if_due(self) -> Outcome | None:
        """None where all was done today, or another has the turn."""
        began = self._now()
        rests = self._rests_until is not None and began < self._rests_until
        if rests or not await self._take(self._soon()):
            return None
        try:
            outcome = await run(self._engine, began, self._renew)
        except TurnLost:
            _log.warning("lifecycles: another process has gone on with them")
            return None
        self._rests_until = _next_midnight(began)
        await self._take(records.microseconds_of(self._rests_until) - 1)
        return outcome

    def _soon(self) -> int:
        return records.microseconds_of(self._now()) + LEASE

    async def _renew(self) -> None:
        if not await self._take(self._soon()):
            raise TurnLost

    async def _take(self, until: int) -> bool:
        now = records.microseconds_of(self._now())

        def unit(tx: Transaction) -> bool:
            return leases.take(tx, TURN, self._holder, 0, now, until)

        return await self._engine.catalog.write(unit, essential=True)


def _next_midnight(time: datetime) -> datetime:
    return midnight_after(time + timedelta(microseconds=1), 0)


async def _nothing() -> None:
    """What there is to renew when nobody waits for the turn."""


async def run(engine: Engine, now: datetime, renew: Renew = _nothing) -> Outcome:
    """Let go of everything that is due at `now`, in all buckets; several may do so at once.

    `renew` is called now and then, and ends the run by raising. A bucket that fails is
    logged, and the next run comes to it again.
    """
    total = Outcome()
    for bucket in await engine.catalog.scan(_with_rules):
        try:
            total += total_of(await run_bucket(engine, bucket, now, renew))
        except BucketNotFound:
            continue  # deleted meanwhile
        except (HoldallError, S3Error):
            _log.exception("the lifecycle of bucket %s failed", bucket)
    if total != Outcome():
        _log.info("lifecycles ran: %s", total)
    return total


def _with_rules(reads: Reads) -> list[str]:
    """The ids of the buckets that have a lifecycle."""
    numbers = [number for number, _ in settings.holders(reads, SETTING)]
    return list(buckets.uids(reads, numbers).values())


async def run_bucket(
    engine: Engine, bucket: str, now: datetime, renew: Renew = _nothing, *, dry: bool = False
) -> ByRule:
    """The same for the bucket of an id; what each of its rules did. `BucketNotFound`.

    A `dry` run changes nothing, and says what would have gone.
    """
    _, rules = await engine.catalog.read(partial(_rules_of, bucket))
    job = _Job(engine, bucket, now, renew, rules, dry)
    total = {rule.id: Outcome() for rule in rules}
    for prefix in decisions.prefixes(filter(decisions.removes_objects, rules)):
        await job.objects(prefix, total)
    for prefix in decisions.prefixes(filter(decisions.aborts_uploads, rules)):
        await job.uploads(prefix, total)
    if not dry and total_of(total) != Outcome():
        collect_soon(engine)
    return total


def _rules_of(bucket: str, reads: Reads) -> tuple[BucketRow, Rules]:
    """A bucket, and its rules of now. `BucketNotFound`."""
    row = buckets.by_uid(reads, bucket)
    if row is None:
        raise BucketNotFound(f"There is no bucket {bucket}.", bucket=bucket)
    text = settings.get(reads, row.id, SETTING)
    return row, from_setting(text).rules if text else ()


class _Candidate(NamedTuple):
    """A revision that was due when it was listed."""

    key: str
    number: int


class _Verdict(NamedTuple):
    """What becomes of one revision or upload, by which rule; `act` does it."""

    rule: str
    outcome: Outcome
    act: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    """One bucket's share of a run; `rules` choose what to look at closer."""

    engine: Engine
    bucket: str
    now: datetime
    renew: Renew
    rules: Rules
    dry: bool

    async def objects(self, prefix: str, total: dict[str, Outcome]) -> None:
        last: Place | None = None
        after: tuple[str, str | None] | None = START
        while after is not None:
            page = await list_versions(
                self.engine, self.bucket, prefix=prefix, after=after, limit=PAGE
            )
            listed = [entry for entry in page.entries if isinstance(entry, Revision)]
            # A page may meet a thousand rules: the event loop shall not wait for that.
            found, last = await asyncio.to_thread(self._due, listed, last)
            for start in range(0, len(found), BATCH):
                _add(total, await self._let_go(found[start : start + BATCH]))
            after = page.after
            await self.renew()

    def _due(
        self, listed: Sequence[Revision], last: Place | None
    ) -> tuple[list[_Candidate], Place | None]:
        """The oldest first: one that goes must not make an older one look replaced later."""
        found = list(decisions.places(listed, last))
        due = [
            _Candidate(place.revision.key, place.revision.number)
            for place in reversed(found)
            if decisions.due_rule(self.rules, place, self.now) is not None
        ]
        return due, found[-1] if found else last

    async def _let_go(self, candidates: Sequence[_Candidate]) -> list[_Verdict]:
        return await self._carried_out(partial(self._judged, candidates))

    def _judged(
        self, candidates: Sequence[_Candidate], tx: Transaction
    ) -> Iterator[_Verdict | None]:
        bucket, rules = _rules_of(self.bucket, tx)
        for candidate in candidates:
            yield _verdict(tx, bucket, rules, candidate, self.now)

    async def uploads(self, prefix: str, total: dict[str, Outcome]) -> None:
        """One in a transaction: it may have ten thousand parts."""
        after: tuple[str, str | None] | None = ("", None)
        while after is not None:
            page = await list_uploads(self.engine, self.bucket, prefix, after, PAGE)
            for entry in page.entries:
                if isinstance(entry, UploadRecord) and self._rule_against(self.rules, entry):
                    _add(total, await self._carried_out(partial(self._judged_upload, entry)))
            after = page.after
            await self.renew()

    def _rule_against(self, rules: Rules, upload: UploadRecord) -> str | None:
        return decisions.abortion_rule(rules, upload.key, upload.created_at, self.now)

    def _judged_upload(self, upload: UploadRecord, tx: Transaction) -> Iterator[_Verdict | None]:
        bucket, rules = _rules_of(self.bucket, tx)
        row = uploads.by_uid(tx, bucket.id, encode_key(upload.key), upload.id)
        rule = self._rule_against(rules, upload)
        if row is not None and rule is not None:
            yield _Verdict(rule, Outcome(aborted=1), partial(abort_row, tx, row))

    async def _carried_out(
        self, judge: Callable[[Transaction], Iterable[_Verdict | None]]
    ) -> list[_Verdict]:
        """What was judged, and done before the next was judged."""

        def unit(tx: Transaction) -> list[_Verdict]:
            found = list[_Verdict]()
            for verdict in filter(None, judge(tx)):
                if verdict.act is not None and not self.dry:
                    verdict.act()
                found.append(verdict)
            return found

        return await self.engine.catalog.write(unit, essential=True)


def _add(total: dict[str, Outcome], verdicts: Iterable[_Verdict]) -> None:
    """A rule may be newer than the run."""
    for verdict in verdicts:
        total[verdict.rule] = total.get(verdict.rule, Outcome()) + verdict.outcome


def _verdict(
    tx: Transaction, bucket: BucketRow, rules: Rules, candidate: _Candidate, now: datetime
) -> _Verdict | None:
    """What becomes of a candidate now; None where it stays."""
    key = encode_key(candidate.key)
    blob = blobs.find(tx, bucket.id, key)
    row = blob and revisions.by_number(tx, blob.chain, candidate.number)
    if blob is None or row is None:
        return None
    rule = decisions.due_rule(rules, _place(tx, candidate.key, row, rules), now)
    if rule is None:
        return None
    is_current = row.number == blob.current and row.kind != MARKER
    lost = _replaced(tx, bucket, row) if is_current else row
    try:
        if lost is not None:
            refuse_locked(tx, bucket, key, lost)
    except Locked:
        return _Verdict(rule, Outcome(kept=1))
    if is_current:
        return _Verdict(rule, Outcome(expired=1), partial(delete_current, tx, bucket, key, ACTOR))
    act = partial(remove_revision, tx, bucket, key, blob, row, ACTOR)
    return _Verdict(rule, Outcome(removed=1), act)


def _replaced(reads: Reads, bucket: BucketRow, current: RevisionRow) -> RevisionRow | None:
    """What is lost for good when a current content expires, which may be itself."""
    if bucket.versioning == buckets.OFF:
        return current
    suspended = bucket.versioning == buckets.SUSPENDED
    return revisions.null_of(reads, current.chain) if suspended else None


def _place(reads: Reads, key: str, row: RevisionRow, rules: Rules) -> Place:
    """Where a revision stands now."""
    followers = revisions.followers(reads, row.chain, row.number, decisions.longest_keep(rules) + 2)
    replaced_at = records.moment(followers[0].time) if followers else None
    behind = revisions.history(reads, row.chain, row.number, 1)
    return Place(
        records.revision(key, row, is_current=not followers),
        replaced_at,
        len(followers) - 1 if followers else 0,  # the last one is current, or there are enough
        not behind,
    )
