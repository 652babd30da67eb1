"""Trying again: what is worth it, how long to wait, and what remains in doubt."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from holdall.core.errors import HoldallError, OutcomeUnknown
from holdall.s3.times import from_http

Result = TypeVar("Result")

EXPLAINED_BY_ONESELF: Final = frozenset(
    {
        "BucketAlreadyExists",
        "BucketAlreadyOwnedByYou",
        "NoSuchBucket",
        "NoSuchUpload",
        "PreconditionFailed",
    }
)
"""Refusals that an earlier attempt causes when it succeeded and its answer was lost."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and after how long a failed request is sent again.

    The n-th wait is a random part of `first * 2**(n-1)` seconds, at most `longest`; a server
    that asks for more patience (Retry-After) gets it up to `longest`, beyond that it is not
    asked again. `attempts` counts the first one.
    """

    attempts: int = 5
    first: float = 0.1
    longest: float = 20.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def wait(self, attempt: int, asked: float | None) -> float | None:
        """Seconds to wait after the `attempt`-th failure, None when it was the last."""
        if attempt >= self.attempts or (asked is not None and asked > self.longest):
            return None
        spread = random.uniform(0, min(self.longest, self.first * 2 ** (attempt - 1)))
        return spread if asked is None else max(asked, spread)


class Failure(Exception):
    """An attempt that failed. Never leaves the client: `error` does.

    `transient`: the same request may succeed. `unsure`: it may have succeeded already.
    `after`: the seconds that the server asked to wait.
    """

    def __init__(
        self,
        error: HoldallError,
        *,
        transient: bool = False,
        unsure: bool = False,
        after: float | None = None,
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.transient = transient
        self.unsure = unsure
        self.after = after


async def insist(
    retries: Retries,
    attempt: Callable[[], Awaitable[Result]],
    *,
    replayable: bool,
    changes: bool,
    once: bool = False,
) -> Result:
    """The result of the first attempt that succeeds; else the error of the last one.

    A refusal that a lost success would explain is `OutcomeUnknown` after one: nobody can
    tell them apart. What is to be done `once` is not tried again where it may have been done,
    and that is `OutcomeUnknown` too.
    """
    unsure = False
    for number in itertools.count(1):
        try:
            return await attempt()
        except Failure as failure:
            if once and failure.unsure:
                raise _doubt(failure.error) from failure.__cause__
            wait = retries.wait(number, failure.after) if failure.transient else None
            if wait is None or not replayable:
                raise _verdict(failure, unsure) from failure.__cause__
            unsure = unsure or (changes and failure.unsure)
        await retries.sleep(wait)
    raise AssertionError("count() does not end")


def _verdict(failure: Failure, unsure: bool) -> HoldallError:
    error = failure.error
    if not unsure or error.code not in EXPLAINED_BY_ONESELF:
        return error
    text = f"An answer was lost, then: {error} It may be the doing of the lost request."
    return OutcomeUnknown(text, **error.facts)


def _doubt(error: HoldallError) -> HoldallError:
    return error if isinstance(error, OutcomeUnknown) else OutcomeUnknown(str(error), **error.facts)


def retry_after(value: str | None) -> float | None:
    """The seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    date = from_http(value)
    return None if date is None else max(0.0, (date - datetime.now(UTC)).total_seconds())
