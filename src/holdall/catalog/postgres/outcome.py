"""Whether a transaction took place whose COMMIT got no answer."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg

from holdall.catalog.postgres.errors import is_lost
from holdall.catalog.postgres.sessions import Connection
from holdall.catalog.postgres.transaction import Mark, PostgresReads
from holdall.catalog.tables import clock
from holdall.core.errors import OutcomeUnknown

PATIENCE = 30.0
"""Seconds to wait for a server that is away, or for a backend that is still at it."""
PAUSE = 0.1

_STATUS = (
    "SELECT pg_xact_status(CAST(? AS xid8)),"
    " CAST(extract(epoch FROM pg_postmaster_start_time()) AS text)"
)


def did_commit(connect: Callable[[], Connection], mark: Mark, place: str) -> bool:
    """Ask on fresh connections until there is an answer; `OutcomeUnknown` without one."""
    until = time.monotonic() + PATIENCE
    while True:
        answer = _ask(connect, mark)
        if answer is not None:
            return answer
        if time.monotonic() >= until:
            raise OutcomeUnknown(
                "The connection was lost during a commit, and the catalog cannot say whether"
                " it took place.",
                path=place,
            )
        time.sleep(PAUSE)


def _ask(connect: Callable[[], Connection], mark: Mark) -> bool | None:
    try:
        with connect() as connection:
            return _read(PostgresReads(connection), mark)
    except psycopg.errors.InvalidParameterValue:
        return False  # an id from the future: a crash took it, and it will be used again
    except psycopg.Error as error:
        if not is_lost(error):
            raise
        return None


def _read(reads: PostgresReads, mark: Mark) -> bool | None:
    if clock.last_batch(reads) == mark.batch:
        return True
    row = reads.one(_STATUS, (mark.xid,))
    status, server_start = row or (None, None)
    if status == "aborted":
        return False
    # A server that crashed may have given the id to somebody else since.
    same_server = server_start == mark.server_start
    return True if status == "committed" and same_server else None
