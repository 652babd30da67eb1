"""The scheduler: bounded, patient where it helps, no faster than allowed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from holdall import Busy, InvalidArgument, NotFound, StorageFull
from holdall.client.bandwidth import Bandwidth
from holdall.client.patience import Patience
from holdall.client.reporting import Reporter
from holdall.client.scheduling import Limits, Scheduler
from tests.client.helpers import Recorder


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def failing(times: int, error: Exception) -> Callable[[], Any]:
    """Work that fails so many times and then says how often it was done."""
    done = 0

    async def work() -> int:
        nonlocal done
        done += 1
        if done <= times:
            raise error
        return done

    return work


async def test_what_may_pass_is_tried_again() -> None:
    clock = Clock()
    scheduler = Scheduler(sleep=clock.sleep)
    assert await scheduler.request(failing(3, Busy("later")), Reporter(None)) == 4
    assert len(clock.slept) == 3
    assert all(0 <= wait <= 0.8 for wait in clock.slept)


@pytest.mark.parametrize("error", [NotFound("no"), StorageFull("full"), OSError(5, "io")])
async def test_what_will_not_pass_is_raised_at_once(error: Exception) -> None:
    clock = Clock()
    with pytest.raises(type(error)):
        await Scheduler(sleep=clock.sleep).request(failing(1, error), Reporter(None))
    assert clock.slept == []


async def test_patience_ends() -> None:
    clock = Clock()
    scheduler = Scheduler(Limits(patience=Patience(attempts=2)), sleep=clock.sleep)
    with pytest.raises(Busy):
        await scheduler.request(failing(2, Busy("later")), Reporter(None))
    assert len(clock.slept) == 1


@pytest.mark.parametrize(("asked", "waits"), [(7.0, [7.0]), (21.0, [])])
async def test_a_store_that_asks_for_patience_gets_it_within_reason(
    asked: float, waits: list[float]
) -> None:
    clock = Clock()
    work = failing(1, Busy("later", retry_after=asked))
    try:
        await Scheduler(sleep=clock.sleep).request(work, Reporter(None))
    except Busy:
        assert waits == []
    assert clock.slept == waits


async def test_an_error_of_a_callback_is_final() -> None:
    report = Reporter(Recorder("delete", Busy("from the callback")))

    async def work() -> None:
        from yarl import URL

        from holdall import StorageProgressDelete

        report(StorageProgressDelete(URL("blob:b/k"), is_dir=False))

    clock = Clock()
    with pytest.raises(Busy):
        await Scheduler(sleep=clock.sleep).request(work, report)
    assert clock.slept == []


async def test_requests_are_bounded_over_all_transfers() -> None:
    scheduler = Scheduler(Limits(files=5, parts=5, requests=3))
    running = most = 0

    async def request() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    async def file(_: int) -> None:
        await scheduler.parts(range(10), lambda _: scheduler.request(request, Reporter(None)))

    async def files() -> AsyncGenerator[int, None]:
        for number in range(20):
            yield number

    await scheduler.files(files(), file)
    assert most == 3


async def test_nothing_waits_while_it_is_asked_to_try_again_later() -> None:
    """Whoever waits to try again gives its place to others."""
    clock = Clock()
    scheduler = Scheduler(Limits(requests=1), sleep=clock.sleep)
    order: list[str] = []
    first = failing(1, Busy("later"))

    async def other() -> None:
        order.append("other")

    async def patient() -> None:
        await scheduler.request(first, Reporter(None))
        order.append("patient")

    async def sleep(seconds: float) -> None:
        await scheduler.request(other, Reporter(None))

    scheduler._sleep = sleep
    await asyncio.wait_for(patient(), 5)
    assert order == ["other", "patient"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"files": 0},
        {"parts": 0},
        {"requests": -1},
        {"bytes_per_second": 0},
        {"patience": Patience(attempts=0)},
    ],
)
def test_limits_are_positive(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        Limits(**wrong)


async def test_bandwidth_over_time() -> None:
    clock = Clock()
    bandwidth = Bandwidth(1000, clock=clock, sleep=clock.sleep)
    began = clock.now
    for _ in range(100):
        await bandwidth.take(100)
    assert clock.now - began == pytest.approx(10, abs=0.3)


async def test_a_silence_is_not_saved_up() -> None:
    clock = Clock()
    bandwidth = Bandwidth(1000, clock=clock, sleep=clock.sleep)
    await bandwidth.take(1)
    clock.now += 3600
    began = clock.now
    await bandwidth.take(2000)
    assert clock.now - began == pytest.approx(1.75)


async def test_without_a_rate_nobody_waits() -> None:
    clock = Clock()
    await Bandwidth(clock=clock, sleep=clock.sleep).take(10**12)
    assert clock.slept == []
