"""What units and queries see of SQLite."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import apsw

from holdall.catalog.ledger import Ledger, microseconds
from holdall.catalog.tables import clock
from holdall.catalog.transaction import Params, Row

T = TypeVar("T")


class Spoiled(Exception):
    """The transaction holds part of a unit that failed, or lost others: it must be undone."""


class SqliteReads:
    """Statements on one connection. Each is run to its end: none stays open."""

    __slots__ = ("_cursor", "_patience", "connection")

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._cursor = connection.cursor()
        self._patience = -1

    def wait_up_to(self, milliseconds: int) -> None:
        """How long a statement waits for a lock. Asking SQLite costs more than to remember."""
        if self._patience != milliseconds:
            self.connection.set_busy_timeout(milliseconds)
            self._patience = milliseconds

    def one(self, sql: str, params: Params = ()) -> Row | None:
        rows = self._cursor.execute(sql, params).fetchall()
        return rows[0] if rows else None

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        return self._cursor.execute(sql, params).fetchall()

    def begin(self) -> None:
        self._cursor.execute("BEGIN")

    def end(self) -> None:
        if self.connection.in_transaction:  # some errors have ended it already
            self._cursor.execute("ROLLBACK")

    def run(self, sql: str, params: Params = ()) -> int:
        self._cursor.execute(sql, params)
        return self.connection.changes()


class SqliteTransaction(SqliteReads):
    """One batch of units; the clock, the usage and the events are written once, at its end.

    Units have no savepoints: nearly all that fail do so before they changed anything.
    """

    __slots__ = ("_ledger", "count", "log", "tick")

    def __init__(self, connection: apsw.Connection, wall: Callable[[], int] = microseconds) -> None:
        super().__init__(connection)
        self._ledger = Ledger(wall)
        self.tick = self._ledger.tick
        self.count = self._ledger.count
        self.log = self._ledger.log

    def begin(self) -> None:
        self._cursor.execute("BEGIN IMMEDIATE")
        self._ledger.begin(clock.read(self))

    def attempt(self, unit: Callable[[SqliteTransaction], T]) -> T:
        """Run a unit. `Spoiled` when it failed with half its work done, which stays."""
        counted, changed = self._ledger.begin_unit(), self.connection.total_changes()
        try:
            return unit(self)
        except BaseException as error:
            self._ledger.undo_unit(counted)
            if self._is_spoilt(error, changed):
                raise Spoiled from error
            raise

    def _is_spoilt(self, error: BaseException, changed: int) -> bool:
        """Also after an error that has rolled back the units before, as a full disk may."""
        return (
            isinstance(error, apsw.FullError)
            or not self.connection.in_transaction
            or self.connection.total_changes() != changed
        )

    def commit(self, batch: str) -> None:
        self._ledger.settle(self, batch)
        self._cursor.execute("COMMIT")

    def rollback(self) -> None:
        self.end()
