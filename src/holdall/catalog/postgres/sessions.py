"""Connections to one schema: how each is set up, and a stock of idle ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from holdall.catalog.transaction import Row

Connection = psycopg.Connection[Row]

# A writer holds the clock, so one that is cut off must not hold it for ever. Whoever asks
# what became of its COMMIT (`outcome.PATIENCE`) waits longer than this.
WRITING = (
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;"
    " SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '20s';"
    " SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)
READING = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


def connect(dsn: str, schema: str, setting: str) -> Connection:
    connection = psycopg.connect(dsn, autocommit=True, client_encoding="utf8")
    try:
        path = sql.SQL("SET search_path TO {};").format(sql.Identifier(schema))
        connection.execute(path + sql.SQL(setting))
    except BaseException:
        connection.close()
        raise
    return connection


class Sessions:
    """Connections of one setting, made when needed and kept for the next who asks.

    There is no limit here: there are as many as threads that use them at once.
    """

    def __init__(self, dsn: str, schema: str, setting: str) -> None:
        self._dsn = dsn
        self._schema = schema
        self._setting = setting
        self._idle: deque[Connection] = deque()

    def fresh(self) -> Connection:
        """A new connection, which the caller closes."""
        return connect(self._dsn, self._schema, self._setting)

    @contextmanager
    def borrow(self) -> Iterator[Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self.fresh()
        try:
            yield connection
        finally:
            self._take_back(connection)

    def _take_back(self, connection: Connection) -> None:
        if connection.info.transaction_status is TransactionStatus.IDLE:
            self._idle.append(connection)
        else:  # lost, most likely with a server that took the others along
            connection.close()
            self.close()

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()
