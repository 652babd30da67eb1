"""Making one place as another: plan, tell, and do."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from yarl import URL

from holdall.client.courier import Courier
from holdall.client.failures import SURVIVABLE, Failures
from holdall.client.folders import make_root
from holdall.client.local import url_of
from holdall.client.reporting import Reporter
from holdall.client.route import Route
from holdall.client.threads import in_thread
from holdall.core.errors import Conflict, InvalidArgument
from holdall.transfer.blob_side import BlobSide
from holdall.transfer.items import Item
from holdall.transfer.local_side import LocalSide
from holdall.transfer.planning import Nature, plan
from holdall.transfer.rules import Rules
from holdall.transfer.running import Copying, Fetching, Restoring, Runner, Sending
from holdall.transfer.steps import Step, Verb

Side = LocalSide | BlobSide
Told = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """How many steps there were of each kind, and the bytes of what was to be transferred."""

    steps: Mapping[Verb, int]
    bytes: int


class Sync:
    """One sync. `told` hears of each step as it is begun, in the order of the plan."""

    def __init__(
        self,
        source: Side,
        target: Side,
        rules: Rules,
        *,
        courier: Courier,
        report: Reporter,
        told: Told,
    ) -> None:
        self._source = source
        self._target = target
        self._rules = rules
        self._courier = courier
        self._report = report
        self._told = told
        self._failures = Failures(report)
        self._counts: Counter[Verb] = Counter()
        self._bytes = 0

    async def preview(self) -> Summary:
        """Tell of every step and do none."""
        async with aclosing(self._steps()) as steps:
            async for _ in steps:
                pass
        return Summary(dict(self._counts), self._bytes)

    async def run(self) -> Summary:
        """Do it. What failed or was refused is raised together at the end, the rest is done."""
        if isinstance(self._target, LocalSide):
            self._target.root = await in_thread(make_root, self._target.root)
        runner = self._runner()
        await self._courier.scheduler.files(
            self._transfers(runner), lambda step: self._transfer(runner, step)
        )
        self._met_all(await runner.finish())
        self._failures.raise_any()
        return Summary(dict(self._counts), self._bytes)

    async def _steps(self) -> AsyncGenerator[Step, None]:
        verb, is_disk = _nature(self._source, self._target)
        nature = Nature(verb, is_disk, self._target.refuses, self._target.filters.wants)
        sources, targets = self._source.items(), self._target.items()
        async with aclosing(plan(sources, targets, self._rules, nature, self._same)) as steps:
            async for step in steps:
                self._counts[step.verb] += 1
                self._bytes += step.size if step.verb is verb else 0
                self._told(step)
                yield step

    async def _same(self, source: Item, target: Item) -> bool:
        try:
            return await self._source.crc32c(source) == await self._target.crc32c(target)
        except SURVIVABLE:  # the transfer will say what is wrong, or heal it
            return False

    async def _transfers(self, runner: Runner) -> AsyncGenerator[Step, None]:
        """The steps that may be done side by side; the others are done on the way."""
        async with aclosing(self._steps()) as steps:
            async for step in steps:
                if step.verb is Verb.DELETE:
                    self._met_all(await runner.delete(step))
                elif step.verb is Verb.REFUSE:
                    self._met(step, Conflict(step.reason))
                elif step.verb in (Verb.SKIP, Verb.KEEP):
                    runner.skip(step)
                else:
                    yield step

    async def _transfer(self, runner: Runner, step: Step) -> None:
        try:
            await runner.transfer(step)
        except SURVIVABLE as error:
            self._met(step, error)

    def _met_all(self, failed: Iterable[tuple[Step, Exception]]) -> None:
        for step, error in failed:
            self._met(step, error)

    def _met(self, step: Step, error: Exception) -> None:
        ends = (_url(side, step.relative) for side in (self._source, self._target))
        self._failures.met(Route(*ends), error)

    def _runner(self) -> Runner:
        match self._source, self._target:
            case LocalSide() as source, BlobSide() as target:
                return Sending(source, target, self._courier, self._report)
            case BlobSide() as source, LocalSide() as target:
                return Fetching(source, target, self._courier, self._report)
            case BlobSide() as source, BlobSide() as target if source.root == target.root:
                return Restoring(target, self._courier, self._report)
            case BlobSide() as source, BlobSide() as target:
                return Copying(source, target, self._courier, self._report)
        raise InvalidArgument("at least one side of a sync is in a bucket")


def _nature(source: Side, target: Side) -> tuple[Verb, bool]:
    match source, target:
        case LocalSide(), BlobSide():
            return Verb.SEND, False
        case BlobSide(), LocalSide():
            return Verb.FETCH, True
        case _ if source.root == target.root:
            return Verb.RESTORE, False
        case _:
            return Verb.COPY, False


def _url(side: Side, relative: str) -> URL:
    if isinstance(side, LocalSide):
        return url_of(Path(side.root, relative.lstrip("/")))
    # A file name that is not UTF-8 has no key; its failure still needs a name.
    shown = relative.encode(errors="backslashreplace").decode()
    return side.root.at(side.root.key + shown).uri


def demand_apart(source: Side, target: Side) -> None:
    """`InvalidArgument` where one is in the other, or neither is in a bucket."""
    if isinstance(source, LocalSide) and isinstance(target, LocalSide):
        raise InvalidArgument("at least one side is a blob: URI; use rsync(1)")
    if not isinstance(source, BlobSide) or not isinstance(target, BlobSide):
        return
    here, there = source.root, target.root
    if here.backend is not there.backend or here.bucket.id != there.bucket.id:
        return
    if here.key == there.key and source.is_past:
        raise InvalidArgument(f"{here.uri} is both ends: restore it to make it as it was")
    if here.key.startswith(there.key) or there.key.startswith(here.key):
        raise InvalidArgument(f"{there.uri} and {here.uri} are in one another")
