"""The server's master keys, in one file of their own: the first line seals, all open.

A line is a key in hexadecimal and, but for the first key of a store, when it was made. Each
process looks at the file before it uses a key, so that a change counts everywhere at once.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from holdall.core.errors import Conflict, FormatError, NotFound
from holdall.engine.directory import sync_directory, translate
from holdall.server import private_files
from holdall.server.sealing import KEY_BYTES, derived

OVERLAP: Final = timedelta(hours=48)
"""For how long the key before the newest one has to stay. Session tokens last 36 hours at
most, and an object that is on its way in was sealed when it began."""

_log = logging.getLogger("holdall.server")


@dataclass(frozen=True, slots=True)
class MasterKey:
    """`id` names the key and tells nothing of it. `made_at` None: with the store."""

    id: str
    made_at: datetime | None
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes, made_at: datetime | None = None) -> MasterKey:
        return cls(derived(secret, "name of the key")[:4].hex(), made_at, secret)

    @property
    def line(self) -> str:
        time = "" if self.made_at is None else f" {self.made_at.isoformat()}"
        return f"{self.secret.hex()}{time}\n"


class MasterKeys:
    """What the file holds now. Called, it gives the keys, the newest first."""

    def __init__(self, path: Path) -> None:
        """`FormatError`, `StoreError`."""
        self._path = path
        self._complained = False
        self._take(_seen(path))

    @classmethod
    def prepared(cls, path: Path) -> MasterKeys:
        """The same; a first one is made where there is none."""
        if not path.exists():
            private_files.keep(path, f"{secrets.token_hex(KEY_BYTES)}\n")
        return cls(path)

    def __call__(self) -> tuple[bytes, ...]:
        return tuple(key.secret for key in self.every())

    def every(self) -> Sequence[MasterKey]:
        """The newest first. Without the file, or where it is no longer ours, those stay good
        that were there: what was sealed with them must be opened."""
        try:
            seen = _seen(self._path)
            if seen != self._seen:
                self._take(seen)
        except OSError as error:  # as our own errors of files are, too
            self._complain(error)
        return self._known

    def _take(self, seen: tuple[int, int, int]) -> None:
        self._known = _read(self._path)
        # Nothing may be sealed with a key whose name a power cut could still undo.
        sync_directory(self._path.parent)
        self._seen = seen
        self._complained = False

    def _complain(self, error: OSError) -> None:
        """Once, and not for each use."""
        if not self._complained:
            _log.error("%s; the master keys known before are used", error)
        self._complained = True

    def add(self, now: datetime) -> MasterKey:
        """Make a key, which seals from now on. `Conflict` while an older one is still there."""
        with self._changing() as known:
            if len(known) > 1:
                raise Conflict(
                    f"Drop the master key {known[-1].id} first.", master_key=known[-1].id
                )
            made = MasterKey.of(secrets.token_bytes(KEY_BYTES), now.astimezone(UTC))
            self._write([made, *known])
        return made

    def require_droppable(self, id: str, now: datetime) -> None:
        """`NotFound`; `Conflict` for the key that seals, and while it may still be in use."""
        newest = self._named(id, self.every())
        since = newest.made_at or _changed_at(self._path)
        if now < since + OVERLAP:
            until = (since + OVERLAP).isoformat(timespec="seconds")
            raise Conflict(f"What it sealed may be on its way until {until}.", master_key=id)

    def drop(self, id: str) -> None:
        """Forget a key that nothing is sealed with any more. Errors as `require_droppable`."""
        with self._changing() as known:
            self._named(id, known)
            self._write([key for key in known if key.id != id])

    def _named(self, id: str, known: Sequence[MasterKey]) -> MasterKey:
        """The key that seals, after a look at the one of that id."""
        if id not in [key.id for key in known]:
            raise NotFound(f"There is no master key {id}.", master_key=id)
        if id == known[0].id:
            raise Conflict("The newest master key stays.", master_key=id)
        return known[0]

    def _write(self, keys: Sequence[MasterKey]) -> None:
        private_files.write(self._path, "".join(key.line for key in keys))

    @contextmanager
    def _changing(self) -> Iterator[Sequence[MasterKey]]:
        """What the file holds, while no other process changes it: a key that one of them adds
        and the other overwrites would take with it what was sealed meanwhile."""
        descriptor = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield _read(self._path)
        finally:
            os.close(descriptor)


def _seen(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise translate(error, path) from error
    return found.st_mtime_ns, found.st_ino, found.st_size


def _changed_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _read(path: Path) -> tuple[MasterKey, ...]:
    """`FormatError`, whose reason would quote what the file holds."""
    try:
        keys = tuple(map(_parsed, private_files.read(path).splitlines()))
    except (ValueError, IndexError):
        keys = ()
    if not keys:
        raise FormatError(
            f"{path} must hold {KEY_BYTES} bytes in hexadecimal. Nothing was changed.",
            path=str(path),
        )
    return keys


def _parsed(line: str) -> MasterKey:
    """`ValueError`, `IndexError`."""
    text, *times = line.split()
    secret = bytes.fromhex(text)
    if len(secret) != KEY_BYTES or len(times) > 1:
        raise ValueError
    made_at = datetime.fromisoformat(times[0]) if times else None
    if made_at is not None and made_at.tzinfo is None:
        raise ValueError
    return MasterKey.of(secret, made_at)
