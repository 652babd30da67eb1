from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdall.payloads.local import LocalPayloads
from holdall.payloads.memory import MemoryPayloads
from holdall.testing import Fault, FaultPlan, FaultyPayloads, PayloadStoreTests, Step
from holdall.testing.payloads import fetched, listed, stored, write


class TestFaultyPayloads(PayloadStoreTests):
    """Without a fault it is as good as what it wraps."""

    @pytest.fixture
    async def store(self) -> AsyncIterator[FaultyPayloads]:
        store = FaultyPayloads(MemoryPayloads(), FaultPlan())
        yield store
        await store.aclose()


class Injected(Exception):
    pass


@pytest.mark.parametrize(
    ("step", "kept"),
    [
        (Step.BEGIN, {}),
        (Step.WRITE, {}),
        (Step.BEFORE_FINISH, {}),
        (Step.AFTER_FINISH, {"a": 1}),
    ],
)
async def test_faults_while_writing(step: Step, kept: dict[str, int]) -> None:
    store = FaultyPayloads(MemoryPayloads(), FaultPlan(Fault(step, Injected())))
    with pytest.raises(Injected):
        await write(store, "a", [b"x"])
    assert await listed(store) == kept
    await write(store, "b", [b"x"])  # once is once
    assert await listed(store) == {**kept, "b": 1}


@pytest.mark.parametrize(
    ("step", "kept"), [(Step.DELETE_BEFORE, {"a": 1}), (Step.DELETE_AFTER, {})]
)
async def test_faults_while_deleting(step: Step, kept: dict[str, int]) -> None:
    store = FaultyPayloads(MemoryPayloads(), FaultPlan(Fault(step, Injected())))
    await stored(store, "a", 1)
    with pytest.raises(Injected):
        await store.delete(["a"])
    assert await listed(store) == kept


async def test_faults_while_reading() -> None:
    plan = FaultPlan()
    store = FaultyPayloads(MemoryPayloads(), plan)
    data = await stored(store, "a", 1)
    plan.add(Step.READ, Injected(), nth=2)
    assert await fetched(store, "a", 0, 1) == data
    with pytest.raises(Injected):
        await store.read("a", 0, 1)


async def test_the_nth_time_and_how_often() -> None:
    struck: list[str] = []
    plan = FaultPlan(Fault(Step.WRITE, lambda: struck.append("third"), nth=3))
    store = FaultyPayloads(MemoryPayloads(), plan)
    await write(store, "a", [b"1", b"2"])
    assert struck == []
    await write(store, "b", [b"3", b"4"])
    assert struck == ["third"]
    assert plan.reached[Step.WRITE] == 4
    assert plan.reached[Step.AFTER_FINISH] == 2


KILLED = """
import asyncio, os, sys
from pathlib import Path
from holdall.payloads.local import LocalPayloads
from holdall.testing import Fault, FaultPlan, FaultyPayloads, Step
from holdall.testing.payloads import write

plan = FaultPlan(Fault(Step(sys.argv[2]), lambda: os._exit(9)))
store = FaultyPayloads(LocalPayloads(Path(sys.argv[1])), plan)
asyncio.run(write(store, "a", [bytes(1024 * 1024)] * 9))
"""


def die_at(step: Step, root: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(root), step]
    assert subprocess.run(command).returncode == 9


@pytest.mark.parametrize(
    ("step", "left", "kept"),
    [(Step.BEFORE_FINISH, 1, {}), (Step.AFTER_FINISH, 0, {"a": 9 * 1024 * 1024})],
)
async def test_a_process_that_dies_at_a_step(
    tmp_path: Path, step: Step, left: int, kept: dict[str, int]
) -> None:
    store = LocalPayloads.create(tmp_path / "payloads")
    die_at(step, tmp_path / "payloads")
    assert await store.sweep() == left
    assert await listed(store) == kept
    await store.aclose()
