"""Something fails at each step of a write: nothing is half stored, nothing is left over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from holdall.backends.engine import EngineBackend
from holdall.catalog.tables import leases, payloads
from holdall.catalog.transaction import Transaction
from holdall.core.errors import BlobNotFound, Busy, LeaseLost, OutcomeUnknown, StorageFull
from holdall.core.values import Versioning
from holdall.engine import receive
from holdall.engine.engine import LEASE, microseconds
from holdall.payloads.protocol import PayloadWriting
from holdall.testing.payloads import FaultPlan, Step

from .stores import HOUR, LARGE, content, files_of, judge, open_store

WRITING = (Step.BEGIN, Step.WRITE, Step.BEFORE_FINISH, Step.AFTER_FINISH)


@pytest.mark.parametrize(
    "error", [StorageFull("full"), OSError(5, "broken"), asyncio.CancelledError()]
)
@pytest.mark.parametrize("step", WRITING)
async def test_a_failed_write_leaves_no_orphan(
    tmp_path: Path, step: Step, error: BaseException
) -> None:
    plan = FaultPlan()
    backend = open_store(tmp_path, plan=plan)
    await backend.create_bucket("box")
    await backend.put("box", "kept", LARGE)
    plan.add(step, error)
    with pytest.raises(type(error)):
        await backend.put("box", "lost", LARGE)
    await backend.put("box", "after", LARGE)
    with pytest.raises(BlobNotFound):
        await backend.head("box", "lost")
    await backend.aclose()
    assert len(files_of(tmp_path)) == 2, "cleared up at once, not by the sweeper"
    await judge(tmp_path, files=2)


async def test_a_repair_spares_the_file_of_a_writer_who_has_not_committed_yet(
    tmp_path: Path,
) -> None:
    plan, finished, go_on = FaultPlan(), asyncio.Event(), asyncio.Event()
    backend = open_store(tmp_path, plan=plan)
    await backend.create_bucket("box")
    commit = backend.engine.catalog.write

    async def slow_commit(unit, *, essential=False):  # type: ignore[no-untyped-def]
        if plan.reached[Step.AFTER_FINISH] and not finished.is_set():
            finished.set()
            await go_on.wait()
        return await commit(unit, essential=essential)

    backend.engine.catalog.write = slow_commit  # type: ignore[method-assign]
    writing = asyncio.create_task(backend.put("box", "k", LARGE))
    await finished.wait()
    other = open_store(tmp_path)
    await other.sweep()
    assert await other.check(scrub=True) == []
    await other.aclose()
    go_on.set()
    await writing
    async with await backend.open("box", "k") as reading:
        assert await reading.read() == LARGE
    await backend.aclose()
    await judge(tmp_path, files=1)


async def test_a_writer_taken_for_dead_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    plan = FaultPlan()
    backend = open_store(tmp_path, plan=plan)
    await backend.create_bucket("box")

    async def sweep_long_after() -> None:
        other = open_store(tmp_path, later=2 * LEASE)
        assert (await other.sweep()).abandoned == 1
        await other.aclose()

    finish = backend.engine.payloads

    class Frozen:
        """Between the intent and the file's name, an hour goes by."""

        def __getattr__(self, name: str) -> object:
            return getattr(finish, name)

        async def begin(self) -> object:
            writing = await finish.begin()
            done = writing.finish

            async def late(id: str) -> None:
                await sweep_long_after()
                await done(id)

            writing.finish = late  # type: ignore[method-assign]
            return writing

    backend.engine.payloads = Frozen()  # type: ignore[assignment]
    with pytest.raises(LeaseLost):
        await backend.put("box", "k", LARGE)
    await backend.aclose()
    await judge(tmp_path, files=0)


@pytest.mark.parametrize("size", [10, len(LARGE)], ids=["small", "large"])
async def test_cancelled_writers_leave_nothing(tmp_path: Path, size: int) -> None:
    backend = open_store(tmp_path)
    await backend.create_bucket("box", versioning=Versioning.OFF)
    stored = 0
    for round_ in range(60):
        writing = asyncio.create_task(backend.put("box", f"{round_}", LARGE[:size]))
        await asyncio.sleep(round_ % 20 / 5000)
        writing.cancel()
        (result,) = await asyncio.gather(writing, return_exceptions=True)
        stored += not isinstance(result, BaseException)
    there = len((await backend.list("box")).entries)
    assert there >= stored, "what was acknowledged is there"
    await backend.aclose()
    assert (await judge(tmp_path, files=there if size > 65_536 else 0)).abandoned == 0


async def test_an_unknown_outcome_deletes_nothing(tmp_path: Path) -> None:
    backend = open_store(tmp_path)
    await backend.create_bucket("box")
    commit, calls = backend.engine.catalog.write, 0

    async def unsure(unit, *, essential=False):  # type: ignore[no-untyped-def]
        nonlocal calls
        calls += 1
        result = await commit(unit, essential=essential)
        if calls == 2:  # the intent was the first
            raise OutcomeUnknown("who knows")
        return result

    backend.engine.catalog.write = unsure  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown):
        await backend.put("box", "k", LARGE)
    async with await backend.open("box", "k") as reading:
        assert await reading.read() == LARGE
    await backend.aclose()
    await judge(tmp_path, files=1)


async def test_a_dead_writers_payload_is_swept_when_its_lease_is_over(tmp_path: Path) -> None:
    backend = open_store(tmp_path)
    await backend.create_bucket("box")
    now = microseconds()

    def intend(tx: Transaction) -> None:
        row = payloads.PayloadRow(tx.tick().seq, "0" * 16, payloads.PENDING, 1, now + LEASE, b"")
        payloads.insert_pending(tx, row)

    await backend.engine.catalog.write(intend)
    assert (await backend.sweep()).abandoned == 0
    assert (await backend.sweep(dry_run=True)).abandoned == 0
    backend.engine.now = lambda: now + 2 * LEASE
    assert (await backend.sweep(dry_run=True)).abandoned == 1
    assert (await backend.sweep()).abandoned == 1
    assert (await backend.sweep()).abandoned == 0
    await backend.aclose()


async def test_two_sweepers_take_turns(tmp_path: Path) -> None:
    plan, inside, go_on = FaultPlan(), asyncio.Event(), asyncio.Event()
    backend = open_store(tmp_path, plan=plan)
    sweep = backend.engine.payloads.sweep

    async def slow() -> int:
        inside.set()
        await go_on.wait()
        return await sweep()

    backend.engine.payloads.sweep = slow  # type: ignore[method-assign]
    first = asyncio.create_task(backend.sweep())
    await inside.wait()
    with pytest.raises(Busy):
        await backend.sweep()
    go_on.set()
    await first
    await backend.sweep()
    await backend.aclose()


async def test_a_source_that_stalls_holds_nobody_up(tmp_path: Path) -> None:
    backend = open_store(tmp_path)
    await backend.create_bucket("box")
    release = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield LARGE
        await release.wait()
        yield LARGE

    slow = asyncio.create_task(backend.put("box", "slow", stalling()))
    await backend.put("box", "fast", LARGE)
    assert await backend.check(scrub=True) == []
    release.set()
    assert (await slow).size == 2 * len(LARGE)
    await backend.aclose()
    await judge(tmp_path, files=2)


@pytest.mark.parametrize("step", WRITING)
async def test_a_failed_part_leaves_the_upload_as_it_was(tmp_path: Path, step: Step) -> None:
    plan = FaultPlan()
    backend = open_store(tmp_path, plan=plan)
    await backend.create_bucket("box")
    upload = await backend.start_upload("box", "k")
    kept = await upload.part(1, LARGE)
    for number in (1, 2):
        plan.add(step, OSError(5, "broken"))
        with pytest.raises(OSError, match="broken"):
            await upload.part(number, LARGE[::-1])
    assert await upload.parts() == [kept]
    await asyncio.gather(*backend.engine.background)
    assert len(files_of(tmp_path)) == 1, "cleared up at once"
    await upload.complete([kept])
    assert await content(backend, "k") == LARGE
    await backend.aclose()
    await judge(tmp_path, files=1)


async def test_a_slow_writer_who_renews_its_lease_is_not_taken_for_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "LEASE", 3000)  # microseconds: renewed every one of them
    plan = FaultPlan()
    backend = open_store(tmp_path, plan=plan)
    await backend.create_bucket("box")
    finishing, go_on, now = asyncio.Event(), asyncio.Event(), microseconds()
    backend.engine.now = lambda: now
    begin = backend.engine.payloads.begin

    async def slow_begin() -> PayloadWriting:
        writing = await begin()
        finish = writing.finish

        async def slow_finish(id: str) -> None:
            finishing.set()
            await go_on.wait()
            await finish(id)

        writing.finish = slow_finish  # type: ignore[method-assign]
        return writing

    backend.engine.payloads.begin = slow_begin  # type: ignore[method-assign]
    task = asyncio.create_task(backend.put("box", "k", LARGE))
    await finishing.wait()
    for _ in range(3):
        now += HOUR
        await renewed(backend, now)
        assert (await backend.sweep()).abandoned == 0
    go_on.set()
    await task
    assert await content(backend, "k") == LARGE
    await backend.aclose()
    await judge(tmp_path, files=1)


async def renewed(backend: EngineBackend, now: int) -> None:
    """Until the only writer's lease reaches beyond `now`."""
    lease = (0,)
    while lease[0] <= now:
        lease = await backend.engine.catalog.scan(
            lambda reads: reads.one("SELECT max(lease) FROM payloads WHERE state = 0") or (0,)
        )


@pytest.mark.parametrize("step", [Step.DELETE_BEFORE, Step.DELETE_AFTER])
@pytest.mark.parametrize("error", [OSError(5, "broken"), asyncio.CancelledError()])
async def test_a_deletion_broken_off_is_made_up_for(
    tmp_path: Path, step: Step, error: BaseException
) -> None:
    plan = FaultPlan()
    backend = open_store(tmp_path, plan=plan)
    await backend.create_bucket("box", versioning=Versioning.OFF)
    for number in range(5):
        await backend.put("box", f"{number}", LARGE)
    await backend.put("box", "kept", LARGE)
    plan.add(step, error)
    done = await backend.delete_many("box", [f"{number}" for number in range(5)])
    assert [deletion.error for deletion in done] == [None] * 5, "it was acknowledged"
    await asyncio.gather(*backend.engine.background, return_exceptions=True)
    assert plan.reached[step] == 1
    assert await backend.check(scrub=True) == [], "files on their way out are no problem"
    await backend.aclose()
    assert (await judge(tmp_path, files=1)).deleted == 5


async def test_a_sweep_that_fails_gives_its_turn_back(tmp_path: Path) -> None:
    plan = FaultPlan()
    backend = open_store(tmp_path, plan=plan)
    await backend.create_bucket("box", versioning=Versioning.OFF)
    await backend.put("box", "k", LARGE)
    for nth in (1, 2):  # the collection after the deletion, and the sweep
        plan.add(Step.DELETE_BEFORE, OSError(5, "broken"), nth)
    await backend.delete("box", "k")
    await asyncio.gather(*backend.engine.background, return_exceptions=True)
    with pytest.raises(OSError, match="broken"):
        await backend.sweep()
    assert (await backend.sweep()).deleted == 1
    await backend.aclose()
    await judge(tmp_path, files=0)


async def test_a_sweepers_turn_ends_with_its_lease(tmp_path: Path) -> None:
    backend = open_store(tmp_path)
    now = backend.engine.now()
    dead = partial(leases.take, name="sweeper", holder="dead", seq=1, now=now, until=now + LEASE)
    await backend.engine.catalog.write(dead)
    with pytest.raises(Busy):
        await backend.sweep()
    backend.engine.now = lambda: now + 2 * LEASE
    await backend.sweep()
    await backend.aclose()
    await judge(tmp_path, files=0)


async def test_an_opening_that_fails_holds_nothing(tmp_path: Path) -> None:
    plan = FaultPlan()
    backend = open_store(tmp_path, plan=plan)
    await backend.create_bucket("box", versioning=Versioning.OFF)
    await backend.put("box", "k", LARGE)
    plan.add(Step.READ, OSError(5, "broken"))
    with pytest.raises(OSError, match="broken"):
        await backend.open("box", "k")
    assert await content(backend, "k") == LARGE
    await backend.delete("box", "k")
    await backend.aclose()
    await judge(tmp_path, files=0)
