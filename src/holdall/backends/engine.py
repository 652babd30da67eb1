"""The managed store as a backend: each method is a verb of `holdall.engine`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from holdall.backends.access import BucketAccess
from holdall.backends.protocol import RevisionRef
from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.core.errors import HoldallError, NotSupported
from holdall.core.names import check_owner_name
from holdall.core.sources import Source
from holdall.core.values import (
    ALWAYS,
    COPY_ALL,
    PLAIN,
    BucketRecord,
    Capabilities,
    CopyOptions,
    Deletion,
    Event,
    Page,
    Precondition,
    Problem,
    PutOptions,
    Revision,
    Span,
    Sweep,
    UploadRecord,
    Usage,
    Versioning,
)
from holdall.engine import (
    backup,
    buckets,
    check,
    copy,
    delete,
    directory,
    head,
    history,
    list,
    put,
    sweep,
    uploads,
    watch,
)
from holdall.engine.engine import Engine
from holdall.engine.open import open_blob
from holdall.engine.reading import EngineReading
from holdall.engine.uploads import EngineUpload
from holdall.payloads.local import LocalPayloads


class EngineBackend:
    """Meets `Backend`, and adds what only a store of our own can: check, sweep, backup."""

    capabilities = Capabilities(embedded=True)
    clock_skew = timedelta()

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    async def at(
        cls,
        path: Path,
        *,
        owner: str,
        create: bool = True,
        fsync: bool = True,
        vfs: str | None = None,
    ) -> Self:
        """Open the store in a directory, or make one there.

        Without `fsync` a power cut can lose payload files that were acknowledged.
        """
        check_owner_name(owner)
        opening = asyncio.ensure_future(asyncio.to_thread(_open, path, owner, create, fsync, vfs))
        try:
            return cls(await asyncio.shield(opening))
        except asyncio.CancelledError:  # a thread cannot be stopped, only cleared up after
            await asyncio.wait([opening])
            if opening.exception() is None:
                await opening.result().aclose()
            raise

    async def create_bucket(
        self, name: str | None, *, versioning: Versioning = Versioning.ENABLED
    ) -> BucketRecord:
        return await buckets.create(self.engine, name, versioning)

    async def get_bucket(self, bucket: str) -> BucketRecord:
        return await buckets.get(self.engine, bucket)

    async def delete_bucket(self, bucket: str, *, force: bool = False) -> None:
        await buckets.delete(self.engine, bucket, force)

    async def list_buckets(self) -> AsyncIterator[BucketRecord]:
        for record in await buckets.every(self.engine):
            yield record

    async def set_public_access(self, bucket: str, public_access: bool) -> BucketRecord:
        return await buckets.set_public_access(self.engine, bucket, public_access)

    async def set_versioning(self, bucket: str, versioning: Versioning) -> BucketRecord:
        return await buckets.set_versioning(self.engine, bucket, versioning)

    async def put(
        self, bucket: str, key: str, source: Source, *, options: PutOptions = PLAIN
    ) -> Revision:
        return await put.put(self.engine, bucket, key, source, options)

    async def open(
        self,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        span: Span | None = None,
        small: bool = False,
    ) -> EngineReading:
        return await open_blob(self.engine, bucket, key, revision, span)

    async def head(self, bucket: str, key: str, *, revision: RevisionRef = None) -> Revision:
        return await head.head(self.engine, bucket, key, revision)

    async def delete(
        self,
        bucket: str,
        key: str,
        *,
        revision: RevisionRef = None,
        precondition: Precondition = ALWAYS,
    ) -> Revision | None:
        return await delete.delete(self.engine, bucket, key, revision, precondition)

    async def delete_many(self, bucket: str, keys: Iterable[str]) -> Sequence[Deletion]:
        return await delete.delete_many(self.engine, bucket, keys)

    async def delete_all_revisions(self, bucket: str, key: str) -> int:
        return await delete.delete_all_revisions(self.engine, bucket, key)

    async def copy(
        self,
        bucket: str,
        key: str,
        to_bucket: str,
        to_key: str,
        *,
        revision: RevisionRef = None,
        options: CopyOptions = COPY_ALL,
    ) -> Revision:
        copied = await copy.copy(self.engine, bucket, key, to_bucket, to_key, revision, options)
        return copied.revision

    async def move(self, bucket: str, key: str, to_bucket: str, to_key: str) -> Revision:
        return await copy.move(self.engine, bucket, key, to_bucket, to_key)

    async def list(
        self,
        bucket: str,
        *,
        prefix: str = "",
        delimiter: str = "",
        after: str = "",
        limit: int = 1000,
        at: datetime | None = None,
    ) -> Page:
        return await list.list_page(self.engine, bucket, prefix, delimiter, after, limit, at)

    async def revisions(
        self, bucket: str, key: str, *, after: int | None = None, limit: int = 1000
    ) -> Sequence[Revision]:
        return await history.history(self.engine, bucket, key, after, limit)

    async def restore(self, bucket: str, key: str, revision: RevisionRef) -> Revision:
        return await history.restore(self.engine, bucket, key, revision)

    async def undelete(self, bucket: str, key: str) -> Revision:
        return await history.undelete(self.engine, bucket, key)

    async def set_tags(
        self, bucket: str, key: str, tags: Mapping[str, str], *, revision: RevisionRef = None
    ) -> None:
        await head.set_tags(self.engine, bucket, key, tags, revision)

    async def start_upload(
        self, bucket: str, key: str, *, options: PutOptions = PLAIN
    ) -> EngineUpload:
        return await uploads.start(self.engine, bucket, key, options)

    async def resume_upload(self, bucket: str, key: str, id: str) -> EngineUpload:
        return await uploads.resume(self.engine, bucket, key, id)

    async def list_uploads(
        self, bucket: str, *, prefix: str = "", after: tuple[str, str] = ("", ""), limit: int = 1000
    ) -> Sequence[UploadRecord]:
        page = await uploads.list_uploads(self.engine, bucket, prefix, after, limit)
        return [entry for entry in page.entries if isinstance(entry, UploadRecord)]

    async def sign_url(
        self,
        bucket: str,
        key: str,
        *,
        method: str = "GET",
        expires_in: float = 3600,
        download_name: str | None = None,
    ) -> str:
        raise NotSupported("Signed URLs need a Holdall server in front of the directory.")

    async def temporary_credentials(self, bucket: str) -> BucketAccess:
        raise NotSupported("Credentials need a Holdall server in front of the directory.")

    async def usage(self, bucket: str) -> Usage:
        return await buckets.measure(self.engine, bucket)

    async def watch(
        self, bucket: str, *, prefix: str = "", after: int | None = None
    ) -> AsyncGenerator[Event, None]:
        """Meets `Watcher`."""
        return await watch.watch(self.engine, bucket, prefix, after)

    async def check(self, *, scrub: bool = False) -> Sequence[Problem]:
        """What is wrong with the store; `scrub` also re-reads every byte."""
        return await check.check(self.engine, scrub=scrub)

    async def sweep(self, *, dry_run: bool = False) -> Sweep:
        """Clear up after writers that died, and delete what nothing refers to."""
        return await sweep.sweep(self.engine, dry_run=dry_run)

    async def backup(self, target: Path, *, with_secrets: bool = False) -> int:
        """Copy the live store to a new directory; how many payload files it holds."""
        return await backup.backup(self.engine, target, with_secrets=with_secrets)

    async def aclose(self) -> None:
        await self.engine.aclose()


def _open(path: Path, owner: str, create: bool, fsync: bool, vfs: str | None) -> Engine:
    path = directory.prepare(path, create=create)
    try:
        payloads = LocalPayloads.create(path / "payloads", fsync=fsync)
        return Engine(SqliteCatalog(path, vfs=vfs), payloads, owner)
    except HoldallError:
        raise
    except OSError as error:
        raise directory.translate(error, path) from error
