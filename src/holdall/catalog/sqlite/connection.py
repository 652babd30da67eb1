"""Opening a connection, and what SQLite's errors are in Holdall's terms."""

from __future__ import annotations

import apsw

from holdall.core.errors import Busy, Corrupt, HoldallError, ReadOnlyStore, StorageFull, StoreError

APPLICATION_ID = 0x486F6C64  # "Hold"
PAGE_SIZE = 4096  # larger pages lose: a random key dirties a whole page of the log
CACHE_KIB = 48 * 1024
PATIENCE_MS = 30_000


def connect(
    path: str, *, vfs: str | None = None, patience_ms: int = PATIENCE_MS
) -> apsw.Connection:
    """Open the file as it is; `initialise` has made it what it should be."""
    connection = apsw.Connection(path, vfs=vfs, statementcachesize=256)
    connection.set_busy_timeout(patience_ms)
    # Without this, STAT4 builds prepare a statement anew whenever a bound value changes.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def initialise(connection: apsw.Connection) -> None:
    """Settle what is fixed for the life of the file. The caller holds the writer's lock."""
    connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def translate(error: apsw.Error, path: str) -> HoldallError:
    """The error in our terms, caused by this one."""
    ours = next((ours for kind, ours in _KINDS if isinstance(error, kind)), StoreError)
    translated = ours(f"{_SAID[ours]}: {error}", path=path)
    translated.__cause__ = error
    return translated


_KINDS: tuple[tuple[type[apsw.Error], type[HoldallError]], ...] = (
    (apsw.FullError, StorageFull),
    (apsw.ReadOnlyError, ReadOnlyStore),
    (apsw.PermissionsError, ReadOnlyStore),
    (apsw.CorruptError, Corrupt),
    (apsw.NotADBError, Corrupt),
    (apsw.BusyError, Busy),
    (apsw.LockedError, Busy),
)
_SAID: dict[type[HoldallError], str] = {
    StorageFull: "There is no room for the catalog",
    ReadOnlyStore: "The catalog cannot be written",
    Corrupt: "The catalog is damaged",
    Busy: "The catalog is locked by another program",
    StoreError: "The catalog failed",
}
