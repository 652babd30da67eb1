"""What `sync` says that it would do is exactly what it then does, whatever the trees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdall import TransferFailed
from holdall.transfer.rules import Rules
from holdall.transfer.steps import Step, Verb
from holdall.transfer.transfers import Transfers

from . import trees
from .stage import Stage
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
