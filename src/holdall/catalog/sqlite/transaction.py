"""What units and queries see of SQLite."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import apsw

from holdall.catalog.tables import clock, usage
from holdall.catalog.transaction import Params, Row, Tick
from holdall.core.values import Usage

T = TypeVar("T")


class SqliteReads:
    """Statements on one connection. Each is run to its end: none stays open."""

    __slots__ = ("_cursor", "connection")

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._cursor = connection.cursor()

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
    """One batch: units in savepoints, the clock and the usage written once at its end."""

    __slots__ = ("_seq", "_time", "_usage", "_wall")

    def __init__(
        self, connection: apsw.Connection, wall: Callable[[], int] = lambda: time.time_ns() // 1000
    ) -> None:
        super().__init__(connection)
        self._wall = wall
        self._seq = self._time = 0
        self._usage: dict[int, Usage] = {}

    def tick(self) -> Tick:
        self._seq += 1
        self._time = max(self._time, self._wall())
        return Tick(self._seq, self._time)

    def count(self, bucket: int, delta: Usage) -> None:
        counted = self._usage.get(bucket)
        self._usage[bucket] = delta if counted is None else counted + delta

    def begin(self) -> None:
        self._cursor.execute("BEGIN IMMEDIATE")
        self._seq, self._time = clock.read(self)
        self._usage.clear()

    def attempt(self, unit: Callable[[SqliteTransaction], T]) -> T:
        """Run a unit in a savepoint, so that its failure undoes nothing but itself."""
        counted = self._usage.copy()
        self._cursor.execute("SAVEPOINT unit")
        try:
            result = unit(self)
        except BaseException:
            self._usage = counted
            if self.connection.in_transaction:
                self._cursor.execute("ROLLBACK TO unit")
                self._cursor.execute("RELEASE unit")
            raise
        self._cursor.execute("RELEASE unit")
        return result

    def commit(self, batch: str) -> None:
        for bucket, delta in self._usage.items():
            usage.add(self, bucket, delta)
        clock.write(self, Tick(self._seq, self._time), batch)
        self._cursor.execute("COMMIT")

    def rollback(self) -> None:
        if self.connection.in_transaction:
            self._cursor.execute("ROLLBACK")
