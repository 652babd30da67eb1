"""What PostgreSQL's errors are in Holdall's terms (its manual, appendix A)."""

from __future__ import annotations

import psycopg

from holdall.core.errors import (
    Busy,
    Corrupt,
    HoldallError,
    InvalidArgument,
    ReadOnlyStore,
    StorageFull,
    StoreError,
)

_KINDS: dict[str, tuple[type[HoldallError], str]] = {
    "53100": (StorageFull, "There is no room for the catalog"),
    "25006": (ReadOnlyStore, "The catalog cannot be written"),
    "XX001": (Corrupt, "The catalog is damaged"),
    "XX002": (Corrupt, "The catalog is damaged"),
    "40001": (Busy, "The catalog is busy"),
    "40P01": (Busy, "The catalog is busy"),
    "53300": (Busy, "The database accepts no more connections"),
    "55P03": (Busy, "The catalog is locked by another program"),
}


def translate(error: psycopg.Error, place: str) -> HoldallError:
    kind, said = _KINDS.get(error.sqlstate or "", (StoreError, "The catalog failed"))
    if isinstance(error, psycopg.DataError):  # such as NUL, which its texts cannot hold
        kind, said = InvalidArgument, "The catalog cannot hold this value"
    return kind(f"{said}: {error}", path=place)


def is_lost(error: BaseException) -> bool:
    """The connection is gone or could not be made; the session's transaction with it."""
    return isinstance(error, psycopg.OperationalError) and (
        error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
    )


def is_transient(error: BaseException) -> bool:
    """The transaction is undone, and the same again may succeed."""
    conflicts = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
    return isinstance(error, conflicts) or is_lost(error)
