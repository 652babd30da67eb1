"""Streams: opened once, when first needed, and closed."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from holdall.client.streams import Stream


class Source:
    """Counts how often it is opened, and how often what it opened is closed."""

    def __init__(self, *items: int) -> None:
        self.items = items
        self.opened = 0
        self.closed = 0

    async def open(self) -> AsyncGenerator[int, None]:
        self.opened += 1
        return self._run()

    async def _run(self) -> AsyncGenerator[int, None]:
        try:
            for item in self.items:
                yield item
        finally:
            self.closed += 1


async def test_nothing_is_opened_before_it_is_needed() -> None:
    source = Source(1)
    stream = Stream(source.open)
    await stream.aclose()
    assert (source.opened, [item async for item in stream]) == (0, [])


async def test_both_ways_open_once_and_close() -> None:
    source = Source(1, 2)
    assert [item async for item in Stream(source.open)] == [1, 2]
    async with Stream(source.open) as items:
        assert [item async for item in items] == [1, 2]
        assert [item async for item in items] == []
    assert (source.opened, source.closed) == (2, 2)


async def test_leaving_early_closes_at_once() -> None:
    source = Source(1, 2)
    async with Stream(source.open) as items:
        async for _ in items:
            break
    assert source.closed == 1


async def test_what_opening_raises_comes_where_it_is_entered() -> None:
    async def failing() -> AsyncGenerator[int, None]:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        async with Stream(failing):
            pytest.fail("entered")
    with pytest.raises(RuntimeError, match="no"):
        await anext(Stream(failing))
