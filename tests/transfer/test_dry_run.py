"""What `sync` says that it would do is exactly what it then does, whatever the trees."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdall import TransferFailed, connect
from holdall.transfer.rules import Rules
from holdall.transfer.steps import Step, Verb
from holdall.transfer.transfers import Transfers

from . import trees
from .trees import Tree, applied, files_of, lay_out, put_in, read_bucket, read_disk

Read = Callable[[], Awaitable[dict[str, bytes | None]]]

rules = st.builds(Rules, delete=st.booleans(), update=st.booleans(), checksum=st.booleans())
thorough = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


async def compare(
    transfers: Transfers, src: str, dst: str, chosen: Rules, source: Tree, read: Read
) -> None:
    """The dry run changes nothing, and the run does what it said and nothing else."""
    before = await read()
    planned = await steps_of(transfers, src, dst, chosen, dry_run=True)
    assert await read() == before
    done = await steps_of(transfers, src, dst, chosen, dry_run=False)
    assert done == planned
    after = await read()
    assert files_of(after) == files_of(applied(planned, source, before))
    refused = Counter(step.verb for step in planned)[Verb.REFUSE]
    if chosen.delete and not refused:
        assert set(files_of(after)) == set(files_of(source))
    again = await steps_of(transfers, src, dst, chosen, dry_run=True)
    assert {step.verb for step in again} <= {Verb.SKIP, Verb.REFUSE}
    for step in again:
        if step.verb is Verb.SKIP and step.is_folder:
            assert any(path.startswith(step.relative) for path in after)


async def steps_of(
    transfers: Transfers, src: str, dst: str, chosen: Rules, *, dry_run: bool
) -> list[Step]:
    steps: list[Step] = []
    failed = 0
    try:
        await transfers.sync(
            src,
            dst,
            delete=chosen.delete,
            update=chosen.update,
            checksum=chosen.checksum,
            dry_run=dry_run,
            told=steps.append,
        )
    except TransferFailed as error:
        failed = len(error.failed)
    refused = sum(step.verb is Verb.REFUSE for step in steps)
    assert failed == (0 if dry_run else refused)
    return steps


class Stage:
    """One store for all examples, with new buckets and a new folder for each of them."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self._folder = folder
        self._runner = runner
        self._numbers = count()
        self.client = connect(folder / "store", owner="ann", fsync=False)
        self.transfers = Transfers(self.client, folder / "journal")

    def run(self, work: Callable[[str, str, Path], Awaitable[None]]) -> None:
        self._runner.run(self._with_buckets(work))

    async def _with_buckets(self, work: Callable[[str, str, Path], Awaitable[None]]) -> None:
        number = next(self._numbers)
        one, two = f"one-{number}", f"two-{number}"
        for name in (one, two):
            await self.client.buckets.create(name)
        await work(one, two, self._folder / f"tree-{number}")

    async def close(self) -> None:
        problems = list(await self.client.check())
        await self.client.aclose()
        assert problems == []


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with asyncio.Runner() as runner:
        stage = Stage(tmp_path_factory.mktemp("stage").resolve(), runner)
        yield stage
        runner.run(stage.close())


def in_buckets(tree: Tree) -> Tree:
    """As it is listed: a blob without bytes whose key ends in `/` is a directory's marker."""
    return {key: None if key.endswith("/") and not value else value for key, value in tree.items()}


@pytest.mark.timeout(600)
@thorough
@given(source=trees.on_disk, target=trees.in_bucket, chosen=rules, old=st.booleans())
def test_up(stage: Stage, source: Tree, target: Tree, chosen: Rules, old: bool) -> None:
    async def work(one: str, two: str, folder: Path) -> None:
        await put_in(stage.client, one, target)
        lay_out(folder, source, old=old)
        read = partial(read_bucket, stage.client, one)
        await compare(stage.transfers, str(folder), f"blob:{one}", chosen, source, read)

    stage.run(work)


@pytest.mark.timeout(600)
@thorough
@given(source=trees.in_bucket, target=trees.on_disk, chosen=rules, old=st.booleans())
def test_down(stage: Stage, source: Tree, target: Tree, chosen: Rules, old: bool) -> None:
    async def work(one: str, two: str, folder: Path) -> None:
        await put_in(stage.client, one, source)
        lay_out(folder, target, old=old)

        async def read() -> dict[str, bytes | None]:
            return read_disk(folder)

        known = in_buckets(source)
        await compare(stage.transfers, f"blob:{one}", str(folder), chosen, known, read)

    stage.run(work)


@pytest.mark.timeout(600)
@thorough
@given(source=trees.in_bucket, target=trees.in_bucket, chosen=rules)
def test_between(stage: Stage, source: Tree, target: Tree, chosen: Rules) -> None:
    async def work(one: str, two: str, folder: Path) -> None:
        await put_in(stage.client, one, source)
        await put_in(stage.client, two, target)
        read = partial(read_bucket, stage.client, two)
        known = in_buckets(source)
        await compare(stage.transfers, f"blob:{one}", f"blob:{two}", chosen, known, read)

    stage.run(work)
