"""The catalog in PostgreSQL: each unit is one transaction, in a thread of its own."""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from typing import TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from holdall.catalog.postgres.errors import is_lost, translate
from holdall.catalog.postgres.lane import Lane
from holdall.catalog.postgres.opening import prepare, refuse_name
from holdall.catalog.postgres.outcome import did_commit
from holdall.catalog.postgres.retrying import persist
from holdall.catalog.postgres.sessions import READING, WRITING, Sessions
from holdall.catalog.postgres.transaction import Mark, PostgresReads, PostgresTransaction
from holdall.catalog.transaction import Query, Unit
from holdall.core.errors import InvalidArgument

T = TypeVar("T")

WRITERS = 4
READERS = 8
SCANNERS = 2


class PostgresCatalog:
    """Meets `holdall.catalog.transaction.Catalog`.

    Nothing runs on the event loop. Units are run again after a conflict or a connection
    lost before its COMMIT; a COMMIT that got no answer is asked about.
    """

    def __init__(self, dsn: str, *, schema: str = "holdall") -> None:
        """Open or make the catalog in `schema` of the database that `dsn` names. Blocks.

        `dsn` is what libpq takes, key and value pairs or a URL. It has to reach the server
        itself or a pool of sessions; a pool of transactions forgets the sessions' settings.
        """
        refuse_name(schema)
        self._place = _place(dsn, schema)
        try:
            prepare(dsn, schema, self._place)
        except psycopg.Error as error:
            raise translate(error, self._place) from error
        self._writing = Sessions(dsn, schema, WRITING)
        self._reading = Sessions(dsn, schema, READING)
        self._writers = Lane("write", WRITERS, self._place)
        self._readers = Lane("read", READERS, self._place)
        self._scanners = Lane("scan", SCANNERS, self._place)
        self._closed = False

    async def write(self, unit: Unit[T], *, essential: bool = False) -> T:
        """`essential` changes nothing here: what the server holds back is its own affair."""
        return await self._writers.run_to_its_end(partial(self._write, unit))

    async def read(self, query: Query[T], *, single: bool = False) -> T:
        return await self._readers.run(partial(self._read, query))

    async def scan(self, query: Query[T]) -> T:
        return await self._scanners.run(partial(self._read, query))

    async def maintain(self) -> None:
        """Nothing: autovacuum does it."""

    async def integrity(self) -> list[str]:
        """Nothing: its pages carry checksums that it verifies itself, where it was told to."""
        return []

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        for lane in (self._writers, self._readers, self._scanners):
            lane.close()
        for sessions in (self._writing, self._reading):
            sessions.close()

    def _read(self, query: Query[T]) -> T:
        try:
            return persist(partial(self._look, query))
        except psycopg.Error as error:
            raise translate(error, self._place) from error

    def _look(self, query: Query[T]) -> T:
        with self._reading.borrow() as connection:
            reads = PostgresReads(connection)
            try:
                reads.begin()
                return query(reads)
            finally:
                reads.rollback()

    def _write(self, unit: Unit[T]) -> T:
        try:
            return persist(partial(self._attempt, unit))
        except psycopg.Error as error:
            raise translate(error, self._place) from error

    def _attempt(self, unit: Unit[T]) -> T:
        with self._writing.borrow() as connection:
            tx = PostgresTransaction(connection)
            try:
                tx.begin()
                mark = tx.take_turn(secrets.token_hex(8))
                result = unit(tx)
                tx.settle(mark.batch)
                self._commit(tx, mark)
            except BaseException:
                tx.rollback()
                raise
        return result

    def _commit(self, tx: PostgresTransaction, mark: Mark) -> None:
        """Raises when it was refused, or lost and did not take place: nothing was kept."""
        try:
            tx.commit()
        except psycopg.Error as error:
            if not (is_lost(error) and did_commit(self._writing.fresh, mark, self._place)):
                raise


def _place(dsn: str, schema: str) -> str:
    """Where the catalog is, in messages: never with the password."""
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.Error as error:
        raise InvalidArgument("This is no way to name a PostgreSQL database.") from error
    return f"{parts.get('host', '')}/{parts.get('dbname', '')} schema {schema}"
