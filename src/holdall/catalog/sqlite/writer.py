"""The one thread that writes: it collects waiting units and commits them together.

One fsync then serves many writers. A batch that fails as a whole is taken apart and its
units are committed one by one, so that each gets its own answer.
"""

from __future__ import annotations

import copy
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

import apsw

from holdall.catalog.sqlite.connection import translate
from holdall.catalog.sqlite.lock import FileLock
from holdall.catalog.sqlite.transaction import Spoiled, SqliteTransaction
from holdall.catalog.sqlite.waiting import Waiting, settle_all
from holdall.catalog.tables import clock
from holdall.core.errors import Busy, Closed, OutcomeUnknown, StorageFull

MAX_BATCH = 256
MAX_WAITING = 16_384


class BatchFailed(Exception):
    """The whole transaction is gone; nothing of the batch is committed."""


class Writer:
    """Owns the writing connection and its thread.

    `connect` opens a fresh connection. `keep_room` sees to it that disk space is held back,
    and says False where there is none left; `make_room` frees what was held back and says
    whether there was any. `after_commit` is given the number of pages in the log.
    """

    def __init__(
        self,
        path: str,
        connect: Callable[[], apsw.Connection],
        lock: FileLock,
        *,
        keep_room: Callable[[], bool],
        make_room: Callable[[], bool],
        after_commit: Callable[[SqliteTransaction, int], None],
    ) -> None:
        self._path = path
        self._connect = connect
        self._lock = lock
        self._keep_room = keep_room
        self._make_room = make_room
        self._after_commit = after_commit
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self._mutex = threading.Lock()
        self._closed = False
        self._log_pages = 0
        # While one connection stays, SQLite never recovers the log from the file, where the
        # frames of a failed commit may lie: readable, and not on the disk.
        self._anchor = connect()
        self._anchor.execute("SELECT 1 FROM clock").fetchall()
        self._tx: SqliteTransaction | None = self._open()
        self._thread = threading.Thread(target=self._serve, name="holdall-writer", daemon=True)
        self._thread.start()

    def _open(self) -> SqliteTransaction:
        connection = self._connect()
        connection.set_wal_hook(self._note_log)
        return SqliteTransaction(connection)

    def _note_log(self, connection: apsw.Connection, name: str, pages: int) -> int:
        self._log_pages = pages
        return apsw.SQLITE_OK

    # the callers' side

    def submit(self, waiting: Waiting) -> None:
        with self._mutex:  # nothing may come behind the end of the queue: it would wait for ever
            if self._closed:
                raise Closed("The store is closed.", path=self._path)
            if self._queue.qsize() >= MAX_WAITING:
                raise Busy("Too many writes are waiting.", path=self._path, waiting=MAX_WAITING)
            self._queue.put(waiting)

    def take_back(self, waiting: Waiting) -> bool:
        """Withdraw a unit that has not begun; False when it has."""
        with self._mutex:
            if waiting.claimed:
                return False
            waiting.claimed = True
            return True

    def close(self) -> None:
        """Finish what is waiting, then stop. Blocks."""
        with self._mutex:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()
        self._drop()
        with suppress(apsw.Error):
            self._anchor.close(True)

    # the writer's side

    def _serve(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = self._claim(self._gather(first))
            if batch:
                self._run(batch)

    def _gather(self, first: Waiting) -> list[Waiting]:
        batch = [first]
        while len(batch) < MAX_BATCH:
            try:
                following = self._queue.get_nowait()
            except Empty:
                break
            if following is None:
                self._queue.put(None)
                break
            batch.append(following)
        return batch

    def _claim(self, gathered: list[Waiting]) -> list[Waiting]:
        with self._mutex:
            batch = [waiting for waiting in gathered if not waiting.claimed]
            for waiting in batch:
                waiting.claimed = True
        return batch

    def _run(self, batch: list[Waiting]) -> None:
        try:
            with self._lock:
                admitted = self._admit(batch)
                if admitted:
                    self._commit_together(admitted)
                self._look_after_log()
        except BaseException as error:  # the thread must outlive whatever a unit met
            self._fail(batch, error)
        settle_all(batch)

    def _admit(self, batch: list[Waiting]) -> list[Waiting]:
        """Only what frees space while none is held back: others would eat up what deletions
        need, and then nothing could ever be deleted again."""
        if self._keep_room():
            return batch
        for waiting in batch:
            if not waiting.essential:
                waiting.error = StorageFull("There is no room for the catalog.", path=self._path)
        return [waiting for waiting in batch if waiting.essential]

    def _look_after_log(self) -> None:
        """What goes wrong here harms nobody: what is committed stays in the log."""
        if self._tx is not None:
            with suppress(apsw.Error):
                self._after_commit(self._tx, self._log_pages)

    def _commit_together(self, batch: list[Waiting]) -> None:
        try:
            self._attempt(batch)
        except BatchFailed as failure:
            self._undo()
            if len(batch) > 1:
                self._commit_apart(batch)
            elif not self._commit_with_room(batch[0], failure):
                self._fail(batch, failure.__cause__ or failure)

    def _commit_apart(self, batch: list[Waiting]) -> None:
        for waiting in batch:
            waiting.result = waiting.error = None
            try:
                self._commit_together([waiting])
            except BaseException as error:
                self._fail([waiting], error)

    def _commit_with_room(self, waiting: Waiting, failure: BatchFailed) -> bool:
        """Try an essential unit again with the reserve given up: deletions must work."""
        full = isinstance(failure.__cause__, apsw.FullError)
        if not (full and waiting.essential and self._make_room()):
            return False
        waiting.error = None
        try:
            self._attempt([waiting])
        except BatchFailed:
            self._undo()
            return False
        return True

    def _attempt(self, batch: list[Waiting]) -> None:
        """Begin, run, commit. Raises `BatchFailed` when nothing of it was kept."""
        try:
            tx = self._tx = self._tx or self._open()
            tx.begin()
        except apsw.Error as error:
            raise BatchFailed from error
        for waiting in batch:
            self._run_unit(tx, waiting)
        token = secrets.token_hex(8)
        try:
            tx.commit(token)
        except apsw.FullError as error:  # a frame found no room, so the last one is not there
            raise BatchFailed from error
        except apsw.Error as error:
            if not self._did_commit(token):
                raise BatchFailed from error
        for waiting in batch:
            waiting.committed = True

    def _run_unit(self, tx: SqliteTransaction, waiting: Waiting) -> None:
        try:
            waiting.result = tx.attempt(waiting.unit)
        except Spoiled as spoiled:
            raise BatchFailed from spoiled.__cause__
        except apsw.Error as error:
            waiting.error = translate(error, self._path)
        except BaseException as error:
            waiting.error = error

    def _undo(self) -> None:
        if self._tx is not None:
            try:
                self._tx.rollback()
            except apsw.Error:
                self._drop()

    def _drop(self) -> None:
        """Give the connection up; the next batch opens a fresh one."""
        tx, self._tx = self._tx, None
        if tx is not None:
            with suppress(apsw.Error):  # closing may checkpoint; what fails stays in the log
                tx.connection.close(True)

    def _did_commit(self, token: str) -> bool:
        """Ask a fresh connection whether a COMMIT that failed took place.

        When it did not, its frames may still lie in the log, whole, and a power cut would
        bring them back. A commit of our own overwrites them, and then the answer is final.
        """
        try:
            return self._ask(token)
        except apsw.Error as error:
            with suppress(apsw.Error):
                if isinstance(error, apsw.FullError) and self._make_room():
                    return self._ask(token)
            self._drop()
            raise OutcomeUnknown(
                "A commit failed and the catalog cannot say whether it took place.",
                path=self._path,
            ) from error

    def _ask(self, token: str) -> bool:
        self._drop()
        tx = self._tx = self._open()
        tx.begin()
        if clock.last_batch(tx) == token:
            tx.rollback()
            return True
        tx.commit(secrets.token_hex(8))
        return False

    def _fail(self, batch: list[Waiting], error: BaseException) -> None:
        ours = translate(error, self._path) if isinstance(error, apsw.Error) else error
        for waiting in batch:
            if waiting.error is None and not waiting.committed:
                waiting.error = copy.copy(ours) if len(batch) > 1 else ours  # each its own
