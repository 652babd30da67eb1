"""Runs the lifecycles of all buckets: what is due goes.

A listing finds what is due; whether it still is, is decided again in the transaction that
lets it go, by the rules and the history of that moment.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

from holdall.catalog.tables import blobs, buckets, leases, revisions, settings, uploads
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.revisions import MARKER
from holdall.catalog.transaction import Reads, Transaction
from holdall.core.errors import BucketNotFound, HoldallError, Locked
from holdall.core.names import encode_key
from holdall.core.values import Revision, UploadRecord
from holdall.engine import records
from holdall.engine.collect import collect_soon
from holdall.engine.delete import delete_current
from holdall.engine.engine import LEASE, Engine
from holdall.engine.remove import remove_revision
from holdall.engine.uploads import abort_row, list_uploads
from holdall.engine.versions import START, list_versions
from holdall.s3.errors import S3Error
from holdall.server import lifecycle_decisions as decisions
from holdall.server.lifecycle_decisions import Place
from holdall.server.lifecycle_documents import SETTING, from_setting
from holdall.server.lifecycle_rules import Rule, midnight_after

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
            total += await _run_bucket(engine, bucket, now, renew)
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


async def _run_bucket(engine: Engine, bucket: str, now: datetime, renew: Renew) -> Outcome:
    _, rules = await engine.catalog.read(partial(_rules_of, bucket))
    job = _Job(engine, bucket, now, renew, rules)
    total = Outcome()
    for prefix in decisions.prefixes(filter(decisions.removes_objects, rules)):
        total += await job.objects(prefix)
    for prefix in decisions.prefixes(filter(decisions.aborts_uploads, rules)):
        total += await job.uploads(prefix)
    if total != Outcome():
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


@dataclass(frozen=True, slots=True)
class _Job:
    """One bucket's share of a run; `rules` choose what to look at closer."""

    engine: Engine
    bucket: str
    now: datetime
    renew: Renew
    rules: Rules

    async def objects(self, prefix: str) -> Outcome:
        total, last = Outcome(), None
        after: tuple[str, str | None] | None = START
        while after is not None:
            page = await list_versions(
                self.engine, self.bucket, prefix=prefix, after=after, limit=PAGE
            )
            listed = [entry for entry in page.entries if isinstance(entry, Revision)]
            # A page may meet a thousand rules: the event loop shall not wait for that.
            found, last = await asyncio.to_thread(self._due, listed, last)
            for start in range(0, len(found), BATCH):
                total += await self._let_go(found[start : start + BATCH])
            after = page.after
            await self.renew()
        return total

    def _due(
        self, listed: Sequence[Revision], last: Place | None
    ) -> tuple[list[_Candidate], Place | None]:
        """The oldest first: one that goes must not make an older one look replaced later."""
        found = list(decisions.places(listed, last))
        due = [
            _Candidate(place.revision.key, place.revision.number)
            for place in reversed(found)
            if decisions.is_due(self.rules, place, self.now)
        ]
        return due, found[-1] if found else last

    async def _let_go(self, candidates: Sequence[_Candidate]) -> Outcome:
        def unit(tx: Transaction) -> Outcome:
            bucket, rules = _rules_of(self.bucket, tx)
            total = Outcome()
            for candidate in candidates:
                total += _let_go(tx, bucket, rules, candidate, self.now)
            return total

        return await self.engine.catalog.write(unit, essential=True)

    async def uploads(self, prefix: str) -> Outcome:
        total = Outcome()
        after: tuple[str, str | None] | None = ("", None)
        while after is not None:
            page = await list_uploads(self.engine, self.bucket, prefix, after, PAGE)
            for entry in page.entries:
                if isinstance(entry, UploadRecord) and self._is_over(entry):
                    total += await self.engine.catalog.write(
                        partial(self._abort, entry), essential=True
                    )
            after = page.after
            await self.renew()
        return total

    def _is_over(self, upload: UploadRecord) -> bool:
        return decisions.is_abortion_due(self.rules, upload.key, upload.created_at, self.now)

    def _abort(self, upload: UploadRecord, tx: Transaction) -> Outcome:
        """One in a transaction: it may have ten thousand parts."""
        bucket, rules = _rules_of(self.bucket, tx)
        row = uploads.by_uid(tx, bucket.id, encode_key(upload.key), upload.id)
        if row is None or not decisions.is_abortion_due(
            rules, upload.key, upload.created_at, self.now
        ):
            return Outcome()
        abort_row(tx, row)
        return Outcome(aborted=1)


def _let_go(
    tx: Transaction, bucket: BucketRow, rules: Rules, candidate: _Candidate, now: datetime
) -> Outcome:
    """What becomes of a candidate. An error leaves the transaction as it was: each is met
    before anything is changed."""
    key = encode_key(candidate.key)
    blob = blobs.find(tx, bucket.id, key)
    row = blob and revisions.by_number(tx, blob.chain, candidate.number)
    if blob is None or row is None:
        return Outcome()
    if not decisions.is_due(rules, _place(tx, candidate.key, row, rules), now):
        return Outcome()
    try:
        if row.number == blob.current and row.kind != MARKER:
            delete_current(tx, bucket, key, ACTOR)
            return Outcome(expired=1)
        remove_revision(tx, bucket, key, blob, row, ACTOR)
    except Locked:
        return Outcome(kept=1)
    return Outcome(removed=1)


def _place(reads: Reads, key: str, row: revisions.RevisionRow, rules: Rules) -> Place:
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
