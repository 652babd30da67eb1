"""Keeps the write-ahead log short: SQLite's own checkpoints are switched off."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import apsw

from holdall.catalog.sqlite.transaction import SqliteTransaction

SOFT = 2_000
"""Pages in the log from which it is copied back beside the writing."""
HARD = 12_000
"""Pages from which the writer itself does it, because the log grew while it was copied."""


class Checkpointer:
    """A thread with a connection of its own, woken by the writer.

    A checkpoint beside a busy writer copies nearly everything and never catches up, so the
    log could grow for ever; past `HARD` the writer stops to finish the little that is left,
    after which SQLite starts the log from its beginning.
    """

    def __init__(self, connect: Callable[[], apsw.Connection]) -> None:
        self._connect = connect
        self._wanted = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="holdall-checkpoint", daemon=True)

    def after_commit(self, tx: SqliteTransaction, pages: int) -> None:
        """Called by the writer after each batch, under its lock."""
        if pages >= HARD:
            _checkpoint(tx.connection)
        elif pages >= SOFT:
            self._wake()

    def _wake(self) -> None:
        self._wanted.set()
        if self._thread.ident is None:  # short-lived programs never need it
            self._thread.start()

    def close(self) -> None:
        self._closed = True
        self._wanted.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _serve(self) -> None:
        connection: apsw.Connection | None = None
        while self._wanted.wait() and not self._closed:
            self._wanted.clear()
            with suppress(apsw.Error):  # what is in the log stays there, safe, until the next try
                connection = connection or self._connect()
                _checkpoint(connection)
        if connection is not None:
            with suppress(apsw.Error):
                connection.close(True)


def _checkpoint(connection: apsw.Connection) -> None:
    with suppress(apsw.BusyError, apsw.LockedError):  # another process is at it
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
