"""A copy of a live store, which is a store itself: the catalog first, deletions held."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.catalog.tables import audit, payloads
from holdall.catalog.tables.payloads import LIVE, PayloadRow, store_id
from holdall.core.checksums import verify_blocks
from holdall.core.errors import Conflict, Corrupt, InvalidArgument, NotSupported
from holdall.core.secret_files import SECRET_FILES
from holdall.engine.directory import CATALOG, make, sync_directory, translate
from holdall.engine.engine import Engine
from holdall.engine.hold import Hold
from holdall.payloads.local import LocalPayloads
from holdall.payloads.protocol import BLOCK, PayloadMissing, PayloadStore

BATCH = 1000


async def backup(engine: Engine, target: Path, *, with_secrets: bool = False) -> int:
    """Copy the store to `target`, which must not exist; how many payload files it holds.

    The copy appears under its name when it is whole and durable. Payloads are verified on
    the way: `Corrupt` for a damaged one. `with_secrets`: what a server keeps in
    `SECRET_FILES` goes along, readable by its owner only; `Conflict` when it changes
    meanwhile.
    """
    if not isinstance(engine.catalog, SqliteCatalog):
        raise NotSupported("Back up a PostgreSQL catalog with PostgreSQL's own tools.")
    await asyncio.to_thread(_refuse, target, engine.catalog.directory)
    building = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    await asyncio.to_thread(make, building)
    try:
        # Looked at before and after: keys and what they sealed have to be of one time.
        files = await asyncio.to_thread(_secrets, engine.catalog.directory, with_secrets)
        copied = await _copy(engine, engine.catalog, building)
        if files != await asyncio.to_thread(_secrets, engine.catalog.directory, with_secrets):
            raise Conflict("The server's keys changed meanwhile; back up once more.")
        await asyncio.to_thread(_write_secrets, building, files)
        await asyncio.to_thread(_publish, building, target)
    except BaseException:
        await asyncio.to_thread(shutil.rmtree, building, ignore_errors=True)
        raise
    return copied


def _refuse(target: Path, store: Path) -> None:
    if target.exists():
        raise Conflict(f"{target} exists already.", path=str(target))
    if target.resolve().is_relative_to(store.resolve()):
        raise InvalidArgument(f"{target} is inside the store.", path=str(target))


def _secrets(store: Path, wanted: bool) -> dict[str, bytes]:
    paths = (store / name for name in SECRET_FILES if wanted)
    try:
        return {path.name: path.read_bytes() for path in paths if path.exists()}
    except OSError as error:
        raise translate(error, store) from error


def _write_secrets(building: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        descriptor = os.open(building / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


async def _copy(engine: Engine, catalog: SqliteCatalog, target: Path) -> int:
    hold = Hold(engine)
    await catalog.write(hold.take)
    hold.keep()
    try:
        await catalog.copy_to(target / CATALOG)
        return await _fill(engine.payloads, target)
    finally:
        await hold.release()


async def _fill(source: PayloadStore, target: Path) -> int:
    copy = SqliteCatalog(target)
    store = LocalPayloads.create(target / "payloads")
    try:
        return await _copy_payloads(source, copy, store)
    finally:
        await copy.aclose()
        await store.aclose()


async def _copy_payloads(source: PayloadStore, copy: SqliteCatalog, target: PayloadStore) -> int:
    copied, after = 0, -1
    while rows := await copy.scan(partial(payloads.page, after=after, limit=BATCH)):
        for row in rows:
            if row.state == LIVE:
                await _copy_named(source, target, row, copy)
                copied += 1
        after = rows[-1].id
    return copied


async def _copy_named(
    source: PayloadStore, target: PayloadStore, row: PayloadRow, names: SqliteCatalog
) -> None:
    """As `_copy_payload`; a damaged one is told by the blob whose bytes it holds."""
    try:
        await _copy_payload(source, target, row)
    except Corrupt as error:
        places = await names.scan(partial(audit.users, payload=row.id))
        if not places or places[0].key is None:
            raise
        bucket, key = places[0].bucket, places[0].key.decode()
        raise Corrupt(
            f"{key!r} in bucket {bucket} is damaged, so no backup was made;"
            " remove it with its revisions, or restore it from an older backup.",
            bucket=bucket,
            key=key,
            revision=places[0].number,
        ) from error


async def _copy_payload(source: PayloadStore, target: PayloadStore, row: PayloadRow) -> None:
    name = store_id(row.id, row.token)
    writing = await target.begin()
    try:
        try:
            reading = await source.read(name, 0, row.size, partial(_verify, row))
        except PayloadMissing as error:
            raise _damaged(row) from error
        size = 0
        try:
            async for chunk in reading:
                await writing.write(chunk)
                size += len(chunk)
        finally:
            await reading.aclose()
        if size != row.size:
            raise _damaged(row)
        await writing.finish(name)
    finally:
        await writing.aclose()


def _verify(row: PayloadRow, chunk: bytes, offset: int) -> None:
    if verify_blocks(chunk, offset // BLOCK, row.sums) is not None:
        raise _damaged(row)


def _damaged(row: PayloadRow) -> Corrupt:
    name = store_id(row.id, row.token)
    return Corrupt(f"Payload {name} is damaged; run a check.", payload=name)


def _publish(building: Path, target: Path) -> None:
    sync_directory(building)
    os.rename(building, target)
    sync_directory(target.parent)
