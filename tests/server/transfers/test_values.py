"""Transfers as values: what becomes of one after an attempt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from yarl import URL

from holdall.client.failures import Failure
from holdall.client.route import Route
from holdall.core.errors import (
    BlobNotFound,
    Busy,
    Corrupt,
    OutcomeUnknown,
    PermissionDenied,
    StoreError,
    TransferFailed,
)
from holdall.server.transfers.values import (
    ATTEMPTS,
    SHOWN,
    Claim,
    Counts,
    End,
    Failed,
    Stopped,
    Transfer,
    Wanted,
    attempted,
    begun,
    may_pass,
    new_id,
    noted,
)
from holdall.transfer.verifying import Fault, Finding

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WANTED = Wanted(source=End(bucket="a"), target=End(bucket="b", prefix="in"))


def transfer(fruitless: int = 0) -> Transfer:
    claim = Claim(user="u", access_key="k", permanent="k")
    return Transfer(id=new_id(NOW), claim=claim, wanted=WANTED, created=NOW, fruitless=fruitless)


def failure(key: str, error: Exception) -> Failure:
    return Failure(Route(URL(f"blob:a/{key}"), URL(f"blob://server/org:o/b/in/{key}")), error)


def test_ids_are_in_the_order_of_their_times() -> None:
    ids = [new_id(NOW + timedelta(milliseconds=number)) for number in (1, 2, 3000, 10**9)]
    assert ids == sorted(ids)
    assert len(set(map(len, ids))) == 1


def test_it_is_done() -> None:
    found = attempted(begun(transfer(), NOW), None, NOW)
    assert (found.state, found.ended, found.is_over) == ("done", NOW, True)


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (StoreError("x"), True),
        (OutcomeUnknown("x"), True),
        (Busy("x"), True),
        (ConnectionError(), True),
        (RuntimeError(), True),
        (PermissionDenied("x"), False),
        (BlobNotFound("x"), False),
        (TransferFailed("x", failed=(failure("k", PermissionDenied("x")),)), False),
        (
            TransferFailed(
                "x", failed=(failure("k", PermissionDenied("x")), failure("l", Busy("x")))
            ),
            True,
        ),
        (TransferFailed("x", findings=(Finding(Fault.DIFFERS, "k"),)), False),
    ],
)
def test_what_may_pass_is_tried_again(error: Exception, passes: bool) -> None:
    assert may_pass(error) is passes
    found = attempted(begun(transfer(), NOW), error, NOW)
    assert found.state == ("queued" if passes else "failed")


def test_three_attempts_in_a_row_that_copy_nothing() -> None:
    found = transfer()
    for attempt in range(1, ATTEMPTS + 1):
        assert not found.is_over
        found = attempted(begun(found, NOW), StoreError("secret words"), NOW)
        assert found.fruitless == attempt
    assert (found.state, found.problem) == ("failed", "StoreError")


def test_one_that_copied_something_does_not_count() -> None:
    found = noted(begun(transfer(ATTEMPTS - 1), NOW), Counts(copied=1))
    assert attempted(found, StoreError("x"), NOW).state == "queued"


def test_attempts_that_nobody_came_back_from_count() -> None:
    found = begun(transfer(ATTEMPTS), NOW)
    assert (found.state, found.problem) == ("failed", "Interrupted")


def test_failures_are_named_by_key_and_kind() -> None:
    error = TransferFailed(
        "x", failed=(failure("deep/ü k", PermissionDenied("secret")), failure("l", Corrupt("x")))
    )
    counts = attempted(begun(transfer(ATTEMPTS), NOW - timedelta(1)), error, NOW).counts
    assert counts.failures == (Failed("deep/ü k", "PermissionDenied"), Failed("l", "Corrupt"))
    assert counts.failed == 2
    many = tuple(failure(str(number), PermissionDenied("x")) for number in range(SHOWN + 50))
    counts = attempted(begun(transfer(), NOW), TransferFailed("x", failed=many), NOW).counts
    assert (len(counts.failures), counts.failed) == (SHOWN, SHOWN + 50)


def test_what_a_mirror_finds_is_named() -> None:
    error = TransferFailed("x", findings=(Finding(Fault.MISSING, "k"),))
    found = attempted(begun(transfer(), NOW), error, NOW)
    assert found.counts.failures == (Failed("k", "missing"),)


def test_what_is_stopped() -> None:
    found = attempted(begun(transfer(), NOW), Stopped("cancelled"), NOW)
    assert (found.state, found.problem) == ("cancelled", None)
    found = attempted(begun(transfer(), NOW), Stopped("failed", "KeyRevoked"), NOW)
    assert (found.state, found.problem) == ("failed", "KeyRevoked")
