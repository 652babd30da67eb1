"""Lifecycles that are run by hand, without waiting for midnight."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from holdall.server.control.caller import Caller
from holdall.server.control.names import BucketInPath
from holdall.server.lifecycle.runner import run_bucket

router = APIRouter(prefix="/buckets/{bucket}/lifecycle", tags=["lifecycles"])


class RuleRun(BaseModel):
    """What a rule did. `expired` are current objects, `removed` versions and delete markers for
    good, `aborted` uploads; `kept` were due, and a lock holds them."""

    rule: str
    expired: int
    removed: int
    aborted: int
    kept: int


class LifecycleRun(BaseModel):
    """Every rule of the bucket, also those that had nothing to do."""

    bucket: str
    dry_run: bool
    rules: list[RuleRun]


@router.post("/run")
async def run_lifecycle(
    bucket: BucketInPath,
    caller: Caller,
    dry_run: Annotated[bool, Query(description="Say what would go, and change nothing.")] = False,
) -> LifecycleRun:
    """Let go at once of all that is due. For those who manage the bucket.

    The answer comes when all is done; the run goes on when nobody waits for it.
    """
    found = await caller.bucket(bucket, "s3:PutLifecycleConfiguration", writes=True)
    outcomes = await run_bucket(caller.engine, found.id, caller.site.state.now(), dry=dry_run)
    rules = [
        RuleRun(
            rule=rule,
            expired=outcome.expired,
            removed=outcome.removed,
            aborted=outcome.aborted,
            kept=outcome.kept,
        )
        for rule, outcome in outcomes.items()
    ]
    return LifecycleRun(bucket=bucket, dry_run=dry_run, rules=rules)
