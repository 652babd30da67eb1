"""The face of a client's durable transfers: the same limits for all, and one journal."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from yarl import URL

from holdall.client.buckets import Buckets
from holdall.client.client import Client
from holdall.client.courier import Courier
from holdall.client.filtering import Filters
from holdall.client.finding import demand_folder
from holdall.client.local import LocalPlace, local_path
from holdall.client.progress import AbstractFileProgress, AbstractRecursiveFileProgress
from holdall.client.reporting import Reporter
from holdall.client.scheduling import Limits, Scheduler
from holdall.client.threads import in_thread
from holdall.core.errors import InvalidArgument, NotFound, TransferFailed
from holdall.transfer.blob_side import BlobSide
from holdall.transfer.entries import Entry
from holdall.transfer.journal import Journal
from holdall.transfer.local_side import LocalSide
from holdall.transfer.manifest import ManifestSide, write_manifest
from holdall.transfer.past import demand_past
from holdall.transfer.resumable import Resumable
from holdall.transfer.rules import Rules
from holdall.transfer.syncing import Side, Summary, Sync, Told, demand_apart
from holdall.transfer.verifying import Finding, Verification, Verified


def _nobody(said: object) -> None:
    """Where nobody asked."""


class Transfers:
    """What a client transfers, noted in the folder `journal` while it is under way.

    A journal belongs to one store: it knows blobs by their URIs. The client stays its
    caller's to close.
    """

    def __init__(self, client: Client, journal: Path, *, limits: Limits | None = None) -> None:
        scheduler = Scheduler(limits)
        self._client = client
        self._journal = Journal(journal)
        self._resumable = Resumable(self._journal, scheduler)
        self.courier = Courier(scheduler, self._resumable)

    @property
    def buckets(self) -> Buckets:
        """The client's buckets. A large file that stops on its way, in whatever manner, goes
        on where it was when it is transferred to the same place again, or by `resume`."""
        return self._client.buckets_carried_by(self.courier)

    async def sync(
        self,
        src: LocalPlace,
        dst: LocalPlace,
        *,
        delete: bool = False,
        update: bool = False,
        checksum: bool = False,
        always: bool = False,
        dry_run: bool = False,
        at: datetime | None = None,
        filters: Filters | None = None,
        onto: Client | None = None,
        progress: AbstractRecursiveFileProgress | None = None,
        told: Told = _nobody,
    ) -> Summary:
        """Make what is below `dst` as what is below `src`; one of them, or both, a `blob:` URI.

        A file is transferred when there is none at the target, when its size differs or when
        it was modified after the target was written; with `update` only in the first and the
        last case; with `checksum` when its content differs; with `always` in any. `delete`
        removes what the source does not have. What `filters` leave out is neither transferred
        nor deleted; what the source cannot show is not deleted. `told` hears of every step in
        order; `dry_run` does none of them. `at` is a time: a source's bucket as it stood then.
        `onto` is the client of `dst`, where that is another one.

        What fails is reported and the rest goes on; at the end one `TransferFailed` holds it
        all in `failed`.
        """
        filters = filters or Filters()
        source = await _side(self._client, src, filters, is_source=True, at=at)
        target = await _side(onto or self._client, dst, filters, is_source=False)
        demand_apart(source, target)
        sync = Sync(
            source,
            target,
            Rules(delete, update, checksum, always),
            courier=self.courier,
            report=Reporter(progress),
            told=told,
        )
        return await (sync.preview() if dry_run else sync.run())

    async def restore(
        self,
        uri: URL | str,
        *,
        at: datetime,
        delete: bool = False,
        dry_run: bool = False,
        filters: Filters | None = None,
        progress: AbstractRecursiveFileProgress | None = None,
        told: Told = _nobody,
    ) -> Summary:
        """Make all below a `blob:` URI as it was at a time; no bytes move.

        What was deleted or changed since becomes the newest revision again, with its metadata
        and tags; what is as it was stays untouched. What was made since is kept, which `told`
        hears as `Verb.KEEP`; with `delete` it is deleted. All of it are new revisions, so that
        it can be taken back in the same way. The rest is as in `sync`.

        `BlobNotFound` when nothing was there then, `HistoryGone` when the bucket forgot,
        `Conflict` where its versioning is suspended, `NotSupported` at a provider that does not
        tell how a bucket stood at a time.
        """
        root = await demand_past(await self._client.place(str(uri)), at)
        filters = filters or Filters()
        restoring = Sync(
            BlobSide(root, filters, at=at, whole=True),
            BlobSide(root, filters, whole=True),
            Rules(delete=delete, own_past=True),
            courier=self.courier,
            report=Reporter(progress),
            told=told,
        )
        return await (restoring.preview() if dry_run else restoring.run())

    async def mirror(
        self,
        src: LocalPlace,
        dst: LocalPlace,
        *,
        manifest: Path | None = None,
        dry_run: bool = False,
        onto: Client | None = None,
        progress: AbstractRecursiveFileProgress | None = None,
        told: Told = _nobody,
    ) -> Summary:
        """Make `dst` an exact copy of `src`: contents are compared, what is too much goes, and
        all of it is verified afterwards. Each file's current content is copied, not its history.

        `manifest` is a local file to write down what the target then holds. Raises
        `TransferFailed` as `sync` does, and when what arrived is not what was sent; it then
        writes no manifest.
        """
        summary = await self.sync(
            src,
            dst,
            delete=True,
            checksum=True,
            dry_run=dry_run,
            onto=onto,
            progress=progress,
            told=told,
        )
        if not dry_run:
            source = await _side(self._client, src, Filters(), is_source=True)
            target = await _side(onto or self._client, dst, Filters(), is_source=False)
            await self._demand_same(source, target)
            if manifest is not None:
                await write_manifest(target, manifest)
        return summary

    async def _demand_same(self, source: Side, target: Side) -> None:
        findings: list[Finding] = []
        await Verification(source, target, findings.append).run(self.courier.scheduler)
        if findings:
            message = f"{len(findings)} are not the same; the first: {findings[0].relative}"
            raise TransferFailed(message, findings=tuple(findings))

    async def verify(
        self,
        src: LocalPlace,
        dst: LocalPlace,
        *,
        scrub: bool = False,
        filters: Filters | None = None,
        onto: Client | None = None,
        told: Callable[[Finding], None] = _nobody,
    ) -> Verified:
        """Compare what two places hold, by checksum: `dst` with `src`, which it should be like.
        A local file as `dst` is a manifest, and `src` is held against it.

        Blobs go by the checksums that their store keeps, files are read; `scrub` reads blobs
        too. `told` hears of every file that is not the same, in no certain order.
        """
        filters = filters or Filters()
        first = await _side(self._client, src, filters, is_source=True, scrub=scrub)
        if await in_thread(_is_file, dst):
            verification = Verification(ManifestSide(local_path(dst)), first, told)
        else:
            client = onto or self._client
            second = await _side(client, dst, filters, is_source=True, scrub=scrub)
            verification = Verification(first, second, told)
        return await verification.run(self.courier.scheduler)

    async def unfinished(self) -> Sequence[Entry]:
        """What is under way or was interrupted, the oldest first."""
        return await in_thread(self._journal.entries)

    async def resume(self, id: str, progress: AbstractFileProgress | None = None) -> None:
        """Finish a transfer. `NotFound` when there is none of this id, or an end is away;
        `Conflict` while it is under way, when the target was written since (the transfer is
        kept), or when what is sent changed (the journal forgets it)."""
        entry = await in_thread(self._journal.entry, id)
        place = await self._client.place(entry.blob)
        await self._resumable.resume(entry, place, Reporter(progress))

    async def forget(self, id: str) -> None:
        """Give a transfer up, with what it left behind. `NotFound`, `Conflict`."""
        entry = await in_thread(self._journal.entry, id)
        try:
            place = await self._client.place(entry.blob)
        except NotFound:  # the parts went with the bucket
            place = None
        await self._resumable.forget(entry, place)


async def _side(
    client: Client,
    named: LocalPlace,
    filters: Filters,
    *,
    is_source: bool,
    at: datetime | None = None,
    scrub: bool = False,
) -> Side:
    if _is_blob(named):
        place = await client.place(str(named))
        root = await demand_folder(place, at=at) if is_source else place
        return BlobSide(root, filters, at=at, scrub=scrub)
    if at is not None:
        raise InvalidArgument("only a bucket remembers how it stood at a time", actual=str(named))
    return LocalSide(local_path(named), filters, is_source=is_source)


def _is_blob(named: LocalPlace) -> bool:
    return str(named).lower().startswith("blob:") and not isinstance(named, os.PathLike)


def _is_file(named: LocalPlace) -> bool:
    return not _is_blob(named) and local_path(named).is_file()
