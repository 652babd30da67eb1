"""One attempt at a transfer: the engine of `holdall sync` between two buckets."""

from __future__ import annotations

from collections import Counter
from contextlib import AsyncExitStack
from typing import Final

from holdall.backends.protocol import Backend
from holdall.client.courier import Courier
from holdall.client.filtering import Filters
from holdall.client.finding import demand_folder
from holdall.client.place import Place
from holdall.client.progress import (
    AbstractRecursiveFileProgress,
    StorageProgressComplete,
    StorageProgressEnterDir,
    StorageProgressFail,
    StorageProgressLeaveDir,
    StorageProgressStart,
    StorageProgressStep,
)
from holdall.client.reporting import Reporter
from holdall.client.scheduling import Limits, Scheduler
from holdall.client.values.bucket import bucket_of
from holdall.core.errors import TransferFailed
from holdall.server.imports import Import
from holdall.server.providers.providers import Providers
from holdall.server.transfers.home import Home
from holdall.server.transfers.rights import Granted, Imports
from holdall.server.transfers.values import Counts, End, Wanted
from holdall.transfer.blob_side import BlobSide
from holdall.transfer.rules import Rules
from holdall.transfer.steps import Step, Verb
from holdall.transfer.syncing import Sync, demand_apart
from holdall.transfer.verifying import Finding, Verification

LIMITS: Final = Limits(files=4, requests=4)
"""Of one transfer. What goes to or comes from a provider passes through memory, by 8 MiB."""


class Tally(AbstractRecursiveFileProgress):
    """Counts while an attempt is under way."""

    def __init__(self) -> None:
        self._steps: Counter[str] = Counter()
        self._bytes = self._copied = self._bytes_copied = self._failed = 0

    @property
    def counts(self) -> Counts:
        return Counts(
            steps=dict(self._steps),
            bytes=self._bytes,
            copied=self._copied,
            bytes_copied=self._bytes_copied,
            failed=self._failed,
        )

    def told(self, step: Step) -> None:
        self._steps[step.verb.value] += 1
        self._bytes += step.size if step.verb is Verb.COPY else 0

    def complete(self, data: StorageProgressComplete) -> None:
        self._copied += 1
        self._bytes_copied += data.size

    def fail(self, data: StorageProgressFail) -> None:
        self._failed += 1

    def start(self, data: StorageProgressStart) -> None:
        """Only what is whole counts."""

    def step(self, data: StorageProgressStep) -> None:
        """As `start`."""

    def enter(self, data: StorageProgressEnterDir) -> None:
        """Buckets have none."""

    def leave(self, data: StorageProgressLeaveDir) -> None:
        """As `enter`."""


class Attempts:
    """Makes them, wherever the buckets are."""

    def __init__(self, home: Home, providers: Providers) -> None:
        self._home = home
        self._providers = providers

    async def make(self, wanted: Wanted, granted: Granted, imports: Imports, tally: Tally) -> None:
        """Do all that is not done. `TransferFailed` when single keys failed and the rest was
        done; any other error of Holdall's when nothing could go on."""
        async with AsyncExitStack() as stack:
            home = self._home.backend(granted.credentials)
            stack.push_async_callback(home.aclose)
            source = await self._place(home, wanted.source, imports.source, stack)
            target = await self._place(home, wanted.target, imports.target, stack)
            if wanted.source.bucket == wanted.target.bucket:
                target = source.at(target.key)  # by one way: no bytes need to pass through here
            await _sync(wanted, source, target, tally)

    async def _place(
        self, home: Backend, end: End, imported: Import | None, stack: AsyncExitStack
    ) -> Place:
        record, backend = await home.get_bucket(end.bucket), home
        if imported is not None:
            backend = await self._providers.backend(imported)
            stack.push_async_callback(backend.aclose)
        return Place(backend, bucket_of(record, cluster_name="server"), end.folder)


async def _sync(wanted: Wanted, source: Place, target: Place, tally: Tally) -> None:
    filters = Filters(wanted.exclude, wanted.include)
    root = await demand_folder(source, at=wanted.at)
    sides = BlobSide(root, filters, at=wanted.at), BlobSide(target, filters)
    demand_apart(*sides)
    courier = Courier(Scheduler(LIMITS))
    sync = Sync(
        *sides,
        Rules(
            delete=wanted.delete or wanted.mirror,
            update=wanted.update,
            checksum=wanted.checksum or wanted.mirror,
        ),
        courier=courier,
        report=Reporter(tally),
        told=tally.told,
    )
    if wanted.dry_run:
        await sync.preview()
        return
    await sync.run()
    if wanted.mirror:
        await _verify(*sides, courier.scheduler)


async def _verify(source: BlobSide, target: BlobSide, scheduler: Scheduler) -> None:
    findings: list[Finding] = []
    await Verification(source, target, findings.append).run(scheduler)
    if findings:
        raise TransferFailed("It is not the same.", findings=tuple(findings))
