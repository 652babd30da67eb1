"""Transfers between buckets that the server makes by itself, as values: what was asked, in whose
name, and how far it is."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal

from holdall.client.failures import Failure
from holdall.core.errors import Busy, HoldallError, LeaseLost, StoreError, Timeout, TransferFailed
from holdall.core.uris import parse

State = Literal["queued", "running", "done", "failed", "cancelled"]

ATTEMPTS: Final = 3
"""In a row that transfer nothing; then it has failed."""
SHOWN: Final = 100
"""Failures of single keys that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A folder of a bucket, by the bucket's name; the empty prefix is all of it."""

    bucket: str
    prefix: str = ""

    @property
    def folder(self) -> str:
        return f"{self.prefix.removesuffix('/')}/" if self.prefix else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What shall be done, in the words of `Transfers.sync` and `Transfers.mirror`."""

    source: End
    target: End
    at: datetime | None = None
    mirror: bool = False
    delete: bool = False
    update: bool = False
    checksum: bool = False
    dry_run: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """In whose name: a permanent access key, narrowed as the temporary credentials were that
    asked. Ids only: what proves them is looked up, or made anew, when it is needed.

    `access_key` asked and `permanent` stands behind it; they are one where that is permanent.
    """

    user: str
    access_key: str
    permanent: str
    expires: datetime | None = None
    buckets: tuple[str, ...] | None = None
    read_only: bool = False
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A key, below the prefixes, that was not transferred. `code` names the kind of error."""

    key: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of the last attempt: steps that were planned, by verb, with the bytes that they shall
    copy; what was copied of that; and how many failed, the first of which are named."""

    steps: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    copied: int = 0
    bytes_copied: int = 0
    failed: int = 0
    failures: tuple[Failed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """`problem` is why it failed; `fruitless` counts attempts in a row that copied nothing."""

    id: str
    claim: Claim
    wanted: Wanted
    created: datetime
    state: State = "queued"
    started: datetime | None = None
    ended: datetime | None = None
    problem: str | None = None
    counts: Counts = field(default_factory=Counts)
    fruitless: int = 0

    @property
    def is_over(self) -> bool:
        return self.ended is not None

    def over(self, state: State, now: datetime, problem: str | None = None) -> Transfer:
        return replace(self, state=state, ended=now, problem=problem)


class Stopped(Exception):
    """It shall not go on, for a reason that does not pass."""

    def __init__(self, state: State, problem: str | None = None) -> None:
        super().__init__(problem or state)
        self.state: State = state
        self.problem = problem


def new_id(now: datetime) -> str:
    """Ids are in the order of their times, to the millisecond."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(6)}"


def begun(transfer: Transfer, now: datetime) -> Transfer:
    """At the beginning of an attempt; until it copies something it counts as fruitless, so
    that one which takes the server down with it is not made for ever."""
    if transfer.fruitless >= ATTEMPTS:
        return transfer.over("failed", now, "Interrupted")
    started = transfer.started or now
    return replace(transfer, state="running", started=started, fruitless=transfer.fruitless + 1)


def noted(transfer: Transfer, counts: Counts) -> Transfer:
    """With what an attempt did so far."""
    return replace(transfer, counts=counts, fruitless=0 if counts.copied else transfer.fruitless)


def attempted(transfer: Transfer, error: Exception | None, now: datetime) -> Transfer:
    """After an attempt, of which the counts were noted."""
    if error is None:
        return transfer.over("done", now)
    if isinstance(error, Stopped):
        return transfer.over(error.state, now, error.problem)
    named = replace(transfer, counts=_with_failures(transfer, error))
    if may_pass(error) and transfer.fruitless < ATTEMPTS:
        return replace(named, state="queued")
    return named.over("failed", now, code_of(error))


def may_pass(error: Exception) -> bool:
    """Whether another attempt may succeed though nobody does anything about it."""
    if isinstance(error, TransferFailed):
        return any(may_pass(each.error) for each in error.failed or ())
    if isinstance(error, HoldallError):
        return isinstance(error, StoreError | Busy | Timeout | LeaseLost)
    return True


def code_of(error: Exception) -> str:
    """The kind of an error. Not its message: that may quote what a provider answered."""
    return type(error).__name__ if isinstance(error, HoldallError) else "InternalError"


def _with_failures(transfer: Transfer, error: Exception) -> Counts:
    if not isinstance(error, TransferFailed):
        return transfer.counts
    folder = transfer.wanted.target.folder
    named = [Failed(each.relative, each.fault.value) for each in error.findings or ()]
    named += [_failed(each, folder) for each in error.failed or ()]
    return replace(transfer.counts, failed=len(named), failures=tuple(named[:SHOWN]))


def _failed(failure: Failure, folder: str) -> Failed:
    return Failed(parse(failure.route.dst).key.removeprefix(folder), code_of(failure.error))
