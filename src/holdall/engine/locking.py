"""Object lock: what may not be removed yet, and for how long a new revision is kept (S3).

A hold is the mark `hold` with the value ON; a retention is the mark `retention`, the JSON
{"mode": "GOVERNANCE" or "COMPLIANCE", "until": microseconds since 1970}.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from holdall.catalog.tables import marks, settings
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.revisions import CONTENT, RevisionRow
from holdall.catalog.transaction import Reads, Transaction
from holdall.core.errors import Locked
from holdall.engine.content import Content
from holdall.engine.records import microseconds_of, moment

HOLD, RETENTION, DEFAULT = "hold", "retention", "object-lock"
GOVERNANCE, COMPLIANCE = "GOVERNANCE", "COMPLIANCE"


def refuse_locked(
    tx: Transaction, bucket: BucketRow, key: bytes, row: RevisionRow, *, bypass: bool = False
) -> None:
    """Raise `Locked` for a revision that has to stay; `bypass` overrides governance alone."""
    if not row.marked:
        return
    found = marks.of(tx, row)
    if found.get(HOLD) == "ON":
        raise _locked(bucket, key, row, "a legal hold")
    if RETENTION not in found:
        return
    retention = json.loads(found[RETENTION])
    mode, until = retention["mode"], retention["until"]
    if until > tx.tick().time and not (bypass and mode == GOVERNANCE):
        raise _locked(bucket, key, row, "a retention", mode=mode, until=moment(until))


def _locked(bucket: BucketRow, key: bytes, row: RevisionRow, what: str, **facts: object) -> Locked:
    return Locked(
        f"Revision {row.number} of {key.decode()!r} is kept by {what}.",
        bucket=bucket.shown,
        key=key.decode(),
        revision=row.number,
        **facts,
    )


def with_default_retention(reads: Reads, bucket: BucketRow, content: Content, now: int) -> Content:
    """A content of a locked bucket, kept as the bucket says unless it says so itself."""
    given = content.marks or {}
    if content.kind != CONTENT or RETENTION in given:
        return content
    default = settings.get(reads, bucket.id, DEFAULT)
    rule = json.loads(default) if default else {}
    if "mode" not in rule:
        return content
    until = microseconds_of(_later(moment(now), rule))
    retention = json.dumps({"mode": rule["mode"], "until": until})
    return content._replace(marks={**given, RETENTION: retention})


def _later(now: datetime, rule: dict[str, int]) -> datetime:
    if "days" in rule:
        return now + timedelta(days=rule["days"])
    year = now.year + rule["years"]
    try:
        return now.replace(year=year)
    except ValueError:  # the 29th of February
        return now.replace(year=year, month=3, day=1)
