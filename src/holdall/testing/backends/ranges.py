"""Reading: the whole, any range, in chunks, and whatever happens meanwhile."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from holdall.backends.protocol import Backend
from holdall.core.errors import Closed
from holdall.core.values import Span
from holdall.testing.backends.box import LARGE, SIZES, SMALL, BoxTests, fetch, needs

EDGES = (0, 1, 65_536, 262_143, 262_144, 262_145, 524_288)


class RangeTests(BoxTests):
    @pytest.mark.parametrize("size", SIZES)
    async def test_what_is_put_is_read(self, box: Backend, size: int) -> None:
        data = random.Random(size).randbytes(size)
        stored = await box.put("box", "k", data)
        assert (stored.size, stored.is_current) == (size, True)
        assert await fetch(box, "k") == data
        assert await box.head("box", "k") == stored

    @pytest.mark.parametrize("size", SIZES)
    async def test_any_range_is_read(self, box: Backend, size: int) -> None:
        data = random.Random(size).randbytes(size)
        await box.put("box", "k", data)
        for start, end in _ranges(size):
            async with await box.open("box", "k", span=Span(start, end)) as reading:
                expected = data[start:end]
                assert reading.revision.size == size
                assert reading.span[1] - reading.span[0] == len(expected)
                assert not expected or reading.span[0] == start
                assert await reading.read() == expected, (start, end)

    async def test_chunks_make_the_whole(self, box: Backend) -> None:
        await box.put("box", "k", LARGE)
        async with await box.open("box", "k") as reading:
            chunks = [chunk async for chunk in reading]
            assert await reading.read() == b"", "all was read"
        assert all(chunks)
        assert b"".join(chunks) == LARGE

    async def test_reading_is_the_rest_of_what_was_begun(self, box: Backend) -> None:
        await box.put("box", "k", LARGE * 9)
        async with await box.open("box", "k", span=Span(5)) as reading:
            first = await anext(aiter(reading))
            assert first + await reading.read() == (LARGE * 9)[5:]

    async def test_readings_do_not_disturb_each_other(self, box: Backend) -> None:
        await box.put("box", "k", LARGE * 9)
        async with await box.open("box", "k") as one, await box.open("box", "k") as other:
            first, second = await anext(aiter(one)), await anext(aiter(other))
            assert first + await one.read() == second + await other.read() == LARGE * 9

    @pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
    async def test_a_closed_reading_says_so(self, box: Backend, data: bytes) -> None:
        await box.put("box", "k", data)
        reading = await box.open("box", "k")
        await reading.aclose()
        await reading.aclose()
        with pytest.raises(Closed):
            await reading.read()
        assert reading.revision.size == len(data)

    @pytest.mark.parametrize("how", ["deleted", "overwritten"])
    async def test_a_reading_outlives_its_blob(self, box: Backend, how: str) -> None:
        await self._outlives(box, how)

    @needs("lasting_readings")
    async def test_a_reading_outlives_its_bucket(self, box: Backend) -> None:
        await self._outlives(box, "emptied")

    async def _outlives(self, box: Backend, how: str) -> None:
        await box.put("flat", "k", LARGE * 9)
        async with (
            await box.open("flat", "k") as begun,
            await box.open("flat", "k") as untouched,
        ):
            first = await anext(aiter(begun))
            if how == "deleted":
                await box.delete("flat", "k")
            elif how == "overwritten":
                await box.put("flat", "k", LARGE)
            else:
                await box.delete_bucket("flat", force=True)
            await self.settle(box)
            assert first + await begun.read() == LARGE * 9
            assert await untouched.read() == LARGE * 9


def _ranges(size: int) -> Iterator[tuple[int, int | None]]:
    """Every pair of edges, the end itself and what lies behind it, and some at random."""
    edges = sorted({edge for edge in (*EDGES, size - 1, size, size + 9) if 0 <= edge <= size + 9})
    yield from ((start, None) for start in edges)
    chance = random.Random(size)
    pairs = [(start, end) for start in edges for end in edges if start <= end]
    yield from chance.sample(pairs, min(len(pairs), 20))
    for _ in range(10):
        start = chance.randint(0, size)
        yield start, chance.randint(start, size)
