"""The same work on many items at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from holdall.client.concurrently import AT_ONCE, each


async def numbers(count: int, drawn: list[int]) -> AsyncGenerator[int, None]:
    for number in range(count):
        drawn.append(number)
        yield number


async def test_everything_is_done_a_bounded_number_at_once() -> None:
    running, most, done = 0, 0, []

    async def work(number: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        done.append(number)

    await each(numbers(100, []), work)
    assert sorted(done) == list(range(100))
    assert most == AT_ONCE


async def test_items_are_drawn_only_as_fast_as_work_is_done() -> None:
    drawn: list[int] = []
    release = asyncio.Event()

    async def work(number: int) -> None:
        await release.wait()

    running = asyncio.ensure_future(each(numbers(100, drawn), work))
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(drawn) == AT_ONCE + 1
    release.set()
    await running
    assert len(drawn) == 100


async def test_the_first_error_stops_the_rest_and_is_raised_as_it_is() -> None:
    done = []

    async def work(number: int) -> None:
        if number == 3:
            raise OSError("third")
        await asyncio.sleep(3600)
        done.append(number)

    with pytest.raises(OSError, match="third"):
        await each(numbers(100, []), work)
    assert done == []


async def test_an_error_of_the_items_is_raised_as_it_is() -> None:
    async def failing() -> AsyncGenerator[int, None]:
        yield 1
        raise RuntimeError("no more")

    async def work(number: int) -> None:
        await asyncio.sleep(3600)

    with pytest.raises(RuntimeError, match="no more"):
        await each(failing(), work)
