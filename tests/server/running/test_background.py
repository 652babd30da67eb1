"""Tasks beside the answering: repeated, not discouraged, and ended."""

from __future__ import annotations

import asyncio
import logging

import pytest

from holdall.server.background import repeated, running


async def test_it_is_repeated_until_the_block_ends() -> None:
    count = 0
    twice = asyncio.Event()

    async def work() -> None:
        nonlocal count
        count += 1
        if count == 2:
            twice.set()

    async with repeated(work, 0.001), asyncio.timeout(5):
        await twice.wait()
    ended = count
    await asyncio.sleep(0.01)
    assert count == ended


async def test_a_failure_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    again = asyncio.Event()
    outcomes = [RuntimeError("once"), None]

    async def work() -> None:
        outcome = outcomes.pop(0) if outcomes else again.set()
        if outcome is not None:
            raise outcome

    logging.getLogger("holdall").propagate = True
    async with repeated(work, 0.001), asyncio.timeout(5):
        await again.wait()
    assert "once" in caplog.text


async def test_the_block_is_not_held_up() -> None:
    async def endless() -> None:
        await asyncio.Event().wait()

    async with asyncio.timeout(5), running(endless):
        pass
