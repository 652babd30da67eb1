"""Making a schema what this Holdall expects, whoever else opens it at the same moment."""

from __future__ import annotations

import secrets

import psycopg
from psycopg import sql

from holdall.catalog.postgres.sessions import WRITING, Connection, connect
from holdall.catalog.postgres.transaction import PostgresTransaction
from holdall.catalog.schema import Words, migrate
from holdall.core.errors import FormatError, InvalidArgument, NotSupported

OLDEST = 130_000  # PostgreSQL 13, the first that has `pg_current_xact_id`
LONGEST = 63  # bytes of an identifier; PostgreSQL cuts longer ones off without a word

_STRANGERS = (
    psycopg.errors.DuplicateTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.WrongObjectType,
)


class PostgresWords(Words):
    """Texts, too, are compared byte by byte, whatever the database's language is."""

    __slots__ = ()

    def spell(self, statement: str) -> str:
        return Words.spell(self, statement).replace(" TEXT", ' TEXT COLLATE "C"')


WORDS = PostgresWords(id="BIGINT PRIMARY KEY", bytes="BYTEA", clustered="", small="SMALLINT")


def refuse_name(schema: str) -> None:
    if not 0 < len(schema.encode()) <= LONGEST or "\0" in schema:
        raise InvalidArgument(
            f"{schema!r} cannot name a schema: 1 to {LONGEST} bytes without NUL.", actual=schema
        )


def prepare(dsn: str, schema: str, place: str) -> None:
    """Make the schema and its tables, or bring them forward. All of it or nothing."""
    with connect(dsn, schema, WRITING) as connection:
        _refuse_unfit(connection, place)
        tx = PostgresTransaction(connection)
        with connection.transaction():
            _take_turn(tx, schema)
            _make_schema(tx, schema)
            _migrate(tx, place)


def _refuse_unfit(connection: Connection, place: str) -> None:
    version, encoding = (
        connection.info.server_version,
        connection.info.parameter_status("server_encoding"),
    )
    if version < OLDEST:
        raise NotSupported(
            "A catalog needs PostgreSQL 13 or newer.", path=place, expected=OLDEST, actual=version
        )
    if encoding != "UTF8":
        raise NotSupported(
            f"A catalog needs a database in UTF8; this one is in {encoding}.",
            path=place,
            expected="UTF8",
            actual=encoding,
        )


def _take_turn(tx: PostgresTransaction, schema: str) -> None:
    """`IF NOT EXISTS` alone does not survive two who make the same thing at once."""
    tx.one("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", (f"holdall {schema}",))


def _make_schema(tx: PostgresTransaction, schema: str) -> None:
    """Asked for first: making it takes a right that using it does not."""
    if tx.one("SELECT 1 FROM pg_namespace WHERE nspname = ?", (schema,)) is None:
        tx.connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))


def _migrate(tx: PostgresTransaction, place: str) -> None:
    try:
        migrate(tx, WORDS, secrets.token_hex(16))
    except _STRANGERS as error:
        raise FormatError(
            f"{place} holds tables that are not a Holdall catalog's; nothing was changed.",
            path=place,
        ) from error
