"""The catalog in one SQLite file: one writer thread, readers wherever they are called."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import apsw

from holdall.catalog.schema import Words, migrate
from holdall.catalog.sqlite.checkpointer import Checkpointer
from holdall.catalog.sqlite.connection import APPLICATION_ID, connect, initialise, translate
from holdall.catalog.sqlite.lock import FileLock
from holdall.catalog.sqlite.reserve import Reserve
from holdall.catalog.sqlite.transaction import SqliteReads, SqliteTransaction
from holdall.catalog.sqlite.waiting import Waiting
from holdall.catalog.sqlite.writer import Writer
from holdall.catalog.transaction import Query, Unit
from holdall.core.errors import Closed, FormatError

T = TypeVar("T")

WORDS = Words(id="INTEGER PRIMARY KEY", bytes="BLOB", clustered="WITHOUT ROWID", small="SMALLINT")
SCANNERS = 2


class SqliteCatalog:
    """Meets `holdall.catalog.transaction.Catalog`.

    Point reads run at once on the calling thread: most take some ten microseconds, less
    than handing them to another thread would. Scans run in threads of their own.
    """

    def __init__(self, directory: Path, *, vfs: str | None = None) -> None:
        """Open or make `catalog.db` in an existing directory. Blocks.

        `vfs` names a SQLite VFS, for tests that watch or break what is written.
        """
        self.directory = directory
        self._path = str(directory / "catalog.db")
        self._vfs = vfs
        self._idle: deque[SqliteReads] = deque()
        self._closed = False
        self._closing: asyncio.Future[None] | None = None
        self._lock = FileLock(directory / "writer.lock")
        self._reserve = Reserve(directory / "reserve")
        try:
            with self._lock:
                self._prepare()
            self._reserve.keep()
            self._checkpointer = Checkpointer(self._connect)
            self._writer = Writer(
                self._path,
                self._connect,
                self._lock,
                keep_room=self._reserve.keep,
                make_room=self._reserve.give_up,
                after_commit=self._checkpointer.after_commit,
            )
        except apsw.Error as error:
            self._lock.close()
            raise translate(error, self._path) from error
        except BaseException:
            self._lock.close()
            raise
        self._scanners = ThreadPoolExecutor(SCANNERS, thread_name_prefix="holdall-scan")

    def _connect(self) -> apsw.Connection:
        return connect(self._path, vfs=self._vfs)

    def _prepare(self) -> None:
        made = not os.path.exists(self._path)
        connection = self._connect()
        try:
            if made or _is_blank(connection):
                initialise(connection)
            _refuse_foreign(connection, self._path)
            _migrate(connection)
            # Frames of a dead process may be readable and not on the disk, where its fsync
            # failed: what the log gave must be safe before a commit is put behind it.
            connection.set_busy_timeout(1000)
            with suppress(apsw.BusyError, apsw.LockedError, apsw.FullError):
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        finally:
            connection.close()

    async def write(self, unit: Unit[T], *, essential: bool = False) -> T:
        waiting = Waiting(unit, essential=essential)
        self._writer.submit(waiting)
        try:
            result: T = await waiting.future
        except asyncio.CancelledError:
            if not self._writer.take_back(waiting):
                await waiting.outlast()
            raise
        return result

    async def read(self, query: Query[T], *, single: bool = False) -> T:
        try:
            return self._query(query, 0, single)
        except (apsw.BusyError, apsw.LockedError):
            return await self.scan(query)

    async def scan(self, query: Query[T]) -> T:
        self._refuse_closed()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._scanners, self._query, query)
        except (apsw.BusyError, apsw.LockedError) as error:
            raise translate(error, self._path) from error

    def _query(self, query: Query[T], patience_ms: int = 30_000, single: bool = False) -> T:
        self._refuse_closed()
        try:
            try:
                reads = self._idle.pop()
            except IndexError:
                reads = SqliteReads(self._connect())
            try:
                reads.wait_up_to(patience_ms)
                return query(reads) if single else _in_one_view(reads, query)
            finally:
                self._idle.append(reads)
        except (apsw.BusyError, apsw.LockedError):
            raise
        except apsw.Error as error:
            raise translate(error, self._path) from error

    def _refuse_closed(self) -> None:
        if self._closed:
            raise Closed("The store is closed.", path=self._path)

    async def maintain(self) -> None:
        """Give free pages back to the file system and refill the reserve."""
        self._refuse_closed()
        await asyncio.to_thread(self._maintain)

    def _maintain(self) -> None:
        try:
            with self._lock, closing(self._connect()) as connection:
                if not self._reserve.keep():
                    _checkpoint(connection, apsw.SQLITE_CHECKPOINT_TRUNCATE)
                connection.execute("PRAGMA incremental_vacuum(2000)").fetchall()
                _checkpoint(connection, apsw.SQLITE_CHECKPOINT_PASSIVE)
                if not self._reserve.keep():  # what was freed is still in the file and its log
                    _checkpoint(connection, apsw.SQLITE_CHECKPOINT_TRUNCATE)
                    self._reserve.keep()
        except apsw.Error as error:
            raise translate(error, self._path) from error

    async def integrity(self) -> list[str]:
        """What SQLite's own check finds wrong with the file; empty when nothing is."""
        rows = await self.scan(lambda reads: reads.all("PRAGMA integrity_check"))
        return [str(row[0]) for row in rows if row[0] != "ok"]

    async def copy_to(self, path: Path) -> None:
        """Copy the catalog as it stands to a new file, while others go on writing."""
        await asyncio.to_thread(self._copy_to, str(path))

    def _copy_to(self, path: str) -> None:
        try:
            with (
                closing(self._connect()) as source,
                closing(apsw.Connection(path)) as target,
                target.backup("main", source, "main") as backup,
            ):
                backup.step(-1)  # all pages in one step, so of one view
        except apsw.Error as error:
            raise translate(error, path) from error

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            self._closing = asyncio.ensure_future(asyncio.to_thread(self._close))
        if self._closing is not None:
            await asyncio.shield(self._closing)

    def _close(self) -> None:
        self._writer.close()
        self._checkpointer.close()
        self._scanners.shutdown()
        while self._idle:
            with suppress(apsw.Error):
                self._idle.pop().connection.close(True)
        self._lock.close()


def _checkpoint(connection: apsw.Connection, mode: int) -> None:
    connection.set_busy_timeout(1000)
    with suppress(apsw.BusyError, apsw.LockedError):  # somebody else is at it, or reading
        connection.wal_checkpoint(mode=mode)


def _in_one_view(reads: SqliteReads, query: Callable[[SqliteReads], T]) -> T:
    reads.begin()
    try:
        return query(reads)
    finally:
        reads.end()


def _is_blank(connection: apsw.Connection) -> bool:
    return not connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()[0][0]


def _refuse_foreign(connection: apsw.Connection, path: str) -> None:
    found = connection.pragma("application_id")
    if found != APPLICATION_ID:
        raise FormatError(
            f"{path} is a database, but not a Holdall catalog; nothing was changed.",
            path=path,
            expected=APPLICATION_ID,
            actual=found,
        )


def _migrate(connection: apsw.Connection) -> None:
    tx = SqliteTransaction(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        migrate(tx, WORDS, secrets.token_hex(16))
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
