"""The exam of every payload store, and a store that fails or kills on demand."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum

import pytest

from holdall.core.errors import Closed, StoreError
from holdall.payloads.protocol import (
    BLOCK,
    Check,
    PayloadInfo,
    PayloadMissing,
    PayloadReading,
    PayloadStore,
    PayloadWriting,
)

LARGE = 8 * 1024 * 1024 + 3
"""Bytes of the payload whose reading and writing take several pieces in every driver."""


class Refused(Exception):
    """What the checks in here raise."""


class PayloadStoreTests:
    """Everything that `holdall.payloads.protocol` promises.

    A driver's test file subclasses this and gives an async fixture `store`: an empty store,
    closed afterwards.
    """

    # writing

    @pytest.mark.parametrize(
        "size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 1024 * 1024, 1024 * 1024 + 1, LARGE]
    )
    async def test_bytes_come_back(self, store: PayloadStore, size: int) -> None:
        data = await stored(store, "a", size)
        assert await fetched(store, "a", 0, size) == data

    async def test_chunks_of_any_length_are_joined_in_order(self, store: PayloadStore) -> None:
        lengths = [1, 0, 3, 70_000, BLOCK, 1024 * 1024, 5 * 1024 * 1024, 17, 2 * BLOCK - 1]
        chunks = [os.urandom(length) for length in lengths]
        await write(store, "a", chunks)
        assert await fetched(store, "a", 0, sum(lengths)) == b"".join(chunks)

    async def test_thousands_of_tiny_chunks(self, store: PayloadStore) -> None:
        data = os.urandom(30_000)
        await write(store, "a", [data[at : at + 3] for at in range(0, len(data), 3)])
        assert await fetched(store, "a", 0, len(data)) == data

    async def test_nothing_shows_before_finish(self, store: PayloadStore) -> None:
        async with aclosing(await store.begin()) as writing:
            await writing.write(bytes(LARGE))
            assert await listed(store) == {}
            await writing.finish("a")
        assert await listed(store) == {"a": LARGE}

    @pytest.mark.parametrize("size", [0, 1, LARGE])
    async def test_what_is_not_finished_leaves_nothing(
        self, store: PayloadStore, size: int
    ) -> None:
        writing = await store.begin()
        await writing.write(bytes(size))
        await writing.aclose()
        assert await listed(store) == {}
        assert await store.sweep() == 0

    async def test_a_writing_is_over_after_aclose(self, store: PayloadStore) -> None:
        writing = await store.begin()
        await writing.aclose()
        await writing.aclose()
        with pytest.raises(Closed):
            await writing.write(b"late")
        with pytest.raises(Closed):
            await writing.finish("a")
        assert await listed(store) == {}

    async def test_a_writing_is_over_after_finish(self, store: PayloadStore) -> None:
        writing = await store.begin()
        await writing.finish("a")
        with pytest.raises(Closed):
            await writing.write(b"late")
        with pytest.raises(Closed):
            await writing.finish("b")
        await writing.aclose()
        await writing.aclose()
        assert await listed(store) == {"a": 0}

    async def test_a_payload_is_never_overwritten(self, store: PayloadStore) -> None:
        await write(store, "a", [b"first"])
        with pytest.raises(StoreError):
            await write(store, "a", [b"second"])
        assert await fetched(store, "a", 0, 5) == b"first"
        assert await listed(store) == {"a": 5}

    @pytest.mark.parametrize("id", ["0", "-", "a" * 64, "00000000002a-0f1e2d3c4b5a6978", "z-9"])
    async def test_every_id_that_the_protocol_allows(self, store: PayloadStore, id: str) -> None:
        await write(store, id, [b"content"])
        assert await fetched(store, id, 0, 7) == b"content"
        assert await listed(store) == {id: 7}
        await store.delete([id])
        assert await listed(store) == {}

    async def test_many_writers_at_once(self, store: PayloadStore) -> None:
        sizes = {f"id-{number}": number * 150_000 for number in range(20)}
        data = await asyncio.gather(*(stored(store, id, size) for id, size in sizes.items()))
        back = await asyncio.gather(*(fetched(store, id, 0, size) for id, size in sizes.items()))
        assert back == data
        assert await listed(store) == sizes

    async def test_a_sweep_spares_the_living(self, store: PayloadStore) -> None:
        async with aclosing(await store.begin()) as writing:
            await writing.write(bytes(LARGE))
            assert await store.sweep() == 0
            await writing.finish("a")
        assert await listed(store) == {"a": LARGE}

    # reading

    @pytest.mark.parametrize("size", [2 * BLOCK + 5, LARGE])
    async def test_ranges_around_every_boundary(self, store: PayloadStore, size: int) -> None:
        data = await stored(store, "a", size)
        edges = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, size - 1, size]
        for start in edges:
            for end in edges:
                if start <= end:
                    assert await fetched(store, "a", start, end) == data[start:end], (start, end)

    @pytest.mark.parametrize("start", [0, 1, BLOCK, BLOCK + 7])
    async def test_chunks_are_whole_blocks_from_the_start_of_the_range(
        self, store: PayloadStore, start: int
    ) -> None:
        await stored(store, "a", LARGE)
        chunks = await read_chunks(store, "a", start, LARGE)
        assert all(chunks)
        assert [len(chunk) % BLOCK for chunk in chunks[:-1]] == [0] * (len(chunks) - 1)
        assert sum(map(len, chunks)) == LARGE - start

    @pytest.mark.parametrize("size", [0, 5, LARGE])
    async def test_a_range_beyond_the_end_stops_at_the_end(
        self, store: PayloadStore, size: int
    ) -> None:
        data = await stored(store, "a", size)
        assert await fetched(store, "a", 0, size + 3 * LARGE) == data
        assert await fetched(store, "a", size + 1, size + LARGE) == b""

    async def test_the_range_limits_what_is_read(self, store: PayloadStore) -> None:
        data = await stored(store, "a", LARGE)
        assert (
            await fetched(store, "a", 5 * 1024 * 1024 + 1, LARGE - 7)
            == (data[5 * 1024 * 1024 + 1 : LARGE - 7])
        )

    async def test_a_payload_that_is_not_there(self, store: PayloadStore) -> None:
        with pytest.raises(PayloadMissing):
            await store.read("a", 0, 1)

    async def test_an_open_reading_survives_deletion(self, store: PayloadStore) -> None:
        data = await stored(store, "a", LARGE)
        untouched = await store.read("a", 0, LARGE)
        begun = await store.read("a", 0, LARGE)
        first = await anext(begun)
        await store.delete(["a"])
        with pytest.raises(PayloadMissing):
            await store.read("a", 0, 1)
        assert b"".join([first, *await drained(begun)]) == data
        assert b"".join(await drained(untouched)) == data

    async def test_many_readings_of_one_payload(self, store: PayloadStore) -> None:
        data = await stored(store, "a", LARGE)
        back = await asyncio.gather(*(fetched(store, "a", at, LARGE) for at in range(12)))
        assert back == [data[at:] for at in range(12)]

    async def test_an_exhausted_reading_stays_exhausted(self, store: PayloadStore) -> None:
        await stored(store, "a", 10)
        reading = await store.read("a", 0, 10)
        assert [chunk async for chunk in reading] != []
        for _ in range(2):
            with pytest.raises(StopAsyncIteration):
                await anext(reading)
        await reading.aclose()

    @pytest.mark.parametrize("begun", [False, True])
    async def test_a_closed_reading_reads_nothing(self, store: PayloadStore, begun: bool) -> None:
        await stored(store, "a", LARGE)
        reading = await store.read("a", 0, LARGE)
        if begun:
            await anext(reading)
        await reading.aclose()
        await reading.aclose()
        with pytest.raises(Closed):
            await anext(reading)

    # the check

    @pytest.mark.parametrize("start", [0, 3, BLOCK])
    async def test_the_check_sees_every_chunk_and_where_it_lies(
        self, store: PayloadStore, start: int
    ) -> None:
        data = await stored(store, "a", LARGE)
        seen: dict[int, bytes] = {}

        def check(chunk: bytes, offset: int) -> None:
            seen[offset] = chunk

        chunks = await read_chunks(store, "a", start, LARGE, check)
        assert [seen[offset] for offset in sorted(seen)] == chunks
        assert all(data[at : at + len(chunk)] == chunk for at, chunk in seen.items())

    async def test_a_check_that_raises_keeps_its_chunk_back(self, store: PayloadStore) -> None:
        data = await stored(store, "a", LARGE)
        bad = LARGE - 1

        def check(chunk: bytes, offset: int) -> None:
            if offset <= bad < offset + len(chunk):
                raise Refused(offset)

        got = bytearray()
        reading = await store.read("a", 0, LARGE, check)
        with pytest.raises(Refused) as refused:
            async for chunk in reading:
                got += chunk
        assert bytes(got) == data[: refused.value.args[0]]
        with pytest.raises(Refused):
            await anext(reading)
        await reading.aclose()

    async def test_an_error_of_ours_passes_through_the_check(self, store: PayloadStore) -> None:
        await stored(store, "a", 10)
        error = StoreError("bad bytes", path="x")

        def check(chunk: bytes, offset: int) -> None:
            raise error

        reading = await store.read("a", 0, 10, check)
        with pytest.raises(StoreError) as raised:
            await anext(reading)
        assert raised.value is error
        await reading.aclose()

    async def test_the_check_is_not_bothered_with_nothing(self, store: PayloadStore) -> None:
        await stored(store, "a", 10)

        def check(chunk: bytes, offset: int) -> None:
            assert chunk

        assert await read_chunks(store, "a", 10, 10 + LARGE, check) == []

    # deletion and listing

    async def test_deletion_is_harmless_when_repeated(self, store: PayloadStore) -> None:
        await stored(store, "a", 1)
        await stored(store, "b", 2)
        await store.delete(["a", "never", "a"])
        await store.delete(["a"])
        await store.delete([])
        assert await listed(store) == {"b": 2}

    async def test_deletion_takes_any_iterable(self, store: PayloadStore) -> None:
        for number in range(300):
            await write(store, f"id-{number}", [b"x"])
        await store.delete(f"id-{number}" for number in range(299))
        assert await listed(store) == {"id-299": 1}

    async def test_the_list_has_ids_and_sizes(self, store: PayloadStore) -> None:
        assert await listed(store) == {}
        sizes = {"a": 0, "b": 1, "c-1": BLOCK + 1}
        for id, size in sizes.items():
            await stored(store, id, size)
        assert await listed(store) == sizes

    async def test_closing_is_harmless_when_repeated(self, store: PayloadStore) -> None:
        await store.aclose()
        await store.aclose()


async def write(store: PayloadStore, id: str, chunks: Iterable[bytes]) -> None:
    """Store a payload, chunk by chunk."""
    writing = await store.begin()
    try:
        for chunk in chunks:
            await writing.write(chunk)
        await writing.finish(id)
    finally:
        await writing.aclose()


async def stored(store: PayloadStore, id: str, size: int) -> bytes:
    """Store so many random bytes; which."""
    data = os.urandom(size)
    await write(store, id, [data[at : at + 1024 * 1024] for at in range(0, size, 1024 * 1024)])
    return data


async def drained(reading: PayloadReading) -> list[bytes]:
    """All that is left, chunk by chunk; closes."""
    try:
        return [chunk async for chunk in reading]
    finally:
        await reading.aclose()


async def read_chunks(
    store: PayloadStore, id: str, start: int, end: int, check: Check | None = None
) -> list[bytes]:
    return await drained(await store.read(id, start, end, check))


async def fetched(store: PayloadStore, id: str, start: int, end: int) -> bytes:
    return b"".join(await read_chunks(store, id, start, end))


async def listed(store: PayloadStore) -> dict[str, int]:
    """The sizes of all payloads by id; none may come twice."""
    infos = [info async for info in store.list()]
    sizes = {info.id: info.size for info in infos}
    assert len(sizes) == len(infos)
    return sizes


class Step(StrEnum):
    """Where a `FaultyPayloads` can be made to fail."""

    BEGIN = "begin"
    WRITE = "write"
    BEFORE_FINISH = "before-finish"
    AFTER_FINISH = "after-finish"
    READ = "read"
    DELETE_BEFORE = "delete-before"
    DELETE_AFTER = "delete-after"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens when `step` is reached for the `nth` time, 1 being the first.

    `action` is an exception to raise, or a function to call: one that raises, or kills.
    """

    step: Step
    action: BaseException | Callable[[], object]
    nth: int = 1

    def strike(self) -> None:
        if isinstance(self.action, BaseException):
            raise self.action
        self.action()


class FaultPlan:
    """Faults to come, and how often each step was reached. A plan may be shared by stores."""

    def __init__(self, *faults: Fault) -> None:
        self._faults = list(faults)
        self.reached: Counter[Step] = Counter()

    def add(self, step: Step, action: BaseException | Callable[[], object], nth: int = 1) -> None:
        """Fail the `nth` time from now."""
        self._faults.append(Fault(step, action, self.reached[step] + nth))

    def reach(self, step: Step) -> None:
        self.reached[step] += 1
        for fault in self._faults:
            if (fault.step, fault.nth) == (step, self.reached[step]):
                fault.strike()


class FaultyPayloads:
    """A `PayloadStore` before another one, which it closes; fails as its plan says."""

    def __init__(self, store: PayloadStore, plan: FaultPlan) -> None:
        self._store = store
        self._plan = plan

    async def begin(self) -> PayloadWriting:
        self._plan.reach(Step.BEGIN)
        return _FaultyWriting(await self._store.begin(), self._plan)

    async def read(
        self, id: str, start: int, end: int, check: Check | None = None
    ) -> PayloadReading:
        self._plan.reach(Step.READ)
        return await self._store.read(id, start, end, check)

    async def delete(self, ids: Iterable[str]) -> None:
        self._plan.reach(Step.DELETE_BEFORE)
        await self._store.delete(ids)
        self._plan.reach(Step.DELETE_AFTER)

    async def list(self) -> AsyncIterator[PayloadInfo]:
        async for info in self._store.list():
            yield info

    async def sweep(self) -> int:
        return await self._store.sweep()

    async def aclose(self) -> None:
        await self._store.aclose()


class _FaultyWriting:
    def __init__(self, writing: PayloadWriting, plan: FaultPlan) -> None:
        self._writing = writing
        self._plan = plan

    async def write(self, chunk: bytes) -> None:
        self._plan.reach(Step.WRITE)
        await self._writing.write(chunk)

    async def finish(self, id: str) -> None:
        self._plan.reach(Step.BEFORE_FINISH)
        await self._writing.finish(id)
        self._plan.reach(Step.AFTER_FINISH)

    async def aclose(self) -> None:
        await self._writing.aclose()
