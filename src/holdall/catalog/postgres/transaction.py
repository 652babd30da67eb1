"""What units and queries see of PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import NamedTuple

import psycopg

from holdall.catalog.ledger import Ledger, microseconds
from holdall.catalog.postgres.sessions import Connection
from holdall.catalog.transaction import Params, Row, Tick
from holdall.core.errors import StoreError

# The row lock also gives the transaction its id, by which its fate can be asked for later.
_LOCK = (
    "SELECT seq, time, CAST(pg_current_xact_id() AS text),"
    " CAST(extract(epoch FROM pg_postmaster_start_time()) AS text)"
    " FROM clock WHERE id = 1 FOR UPDATE"
)


@cache
def spoken(statement: str) -> str:
    """A portable statement with psycopg's placeholders. No literal holds a `?`."""
    return statement.replace("%", "%%").replace("?", "%s")


class Mark(NamedTuple):
    """How a transaction is recognised later: `batch` is what it leaves in the clock."""

    xid: str
    server_start: str
    batch: str


class PostgresReads:
    """Statements on one connection, in one transaction."""

    __slots__ = ("_cursor", "connection")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._cursor = connection.cursor()

    def one(self, sql: str, params: Params = ()) -> Row | None:
        return self._cursor.execute(spoken(sql), params).fetchone()

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        return self._cursor.execute(spoken(sql), params).fetchall()

    def run(self, sql: str, params: Params = ()) -> int:
        return max(0, self._cursor.execute(spoken(sql), params).rowcount)

    def begin(self) -> None:
        self._cursor.execute("BEGIN")

    def rollback(self) -> None:
        with suppress(psycopg.Error):  # the connection is lost, and the transaction with it
            self._cursor.execute("ROLLBACK")


class PostgresTransaction(PostgresReads):
    """One unit in one transaction.

    It begins by locking the clock's only row: writers take turns, so moments are in the
    order of commits, and whoever pages the events by `seq` never misses one that commits
    late. Every statement after the lock sees what earlier turns committed. This costs all
    concurrency between writers; loosening it has to keep that promise to the readers.
    """

    __slots__ = ("_ledger", "count", "log", "tick")

    def __init__(self, connection: Connection, wall: Callable[[], int] = microseconds) -> None:
        super().__init__(connection)
        self._ledger = Ledger(wall)
        self.tick = self._ledger.tick
        self.count = self._ledger.count
        self.log = self._ledger.log

    def take_turn(self, batch: str) -> Mark:
        """Wait for the clock; the mark by which this transaction is known."""
        row = self.one(_LOCK)
        assert row is not None, "made with the table"
        seq, time, xid, server_start = row
        self._ledger.begin(Tick(seq, time))
        self._ledger.begin_unit()
        return Mark(xid, server_start, batch)

    def settle(self, batch: str) -> None:
        """Write what is written once for each transaction."""
        self._ledger.settle(self, batch)

    def commit(self) -> None:
        self._cursor.execute("COMMIT")
        # PostgreSQL answers the COMMIT of a transaction that failed with a quiet ROLLBACK.
        if self._cursor.statusmessage != "COMMIT":
            raise StoreError("The catalog undid a transaction instead of committing it.")
