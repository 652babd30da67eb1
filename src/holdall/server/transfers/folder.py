"""The folder beside the store where transfers stand: a JSON file each, which the one process
writes that holds a lock on it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from holdall.core.errors import FormatError, NotFound
from holdall.core.held_files import held
from holdall.engine.directory import sync_directory, translate
from holdall.server import private_files
from holdall.server.transfers.values import Transfer

TRANSFERS: Final = "transfers"
KEPT: Final = timedelta(days=7)
MOST_KEPT: Final = 1000
"""For so long, and so many, of those that ended."""

_ID: Final = re.compile(r"[0-9a-f]{24}")
_FORM: Final = TypeAdapter(Transfer)


class Folder:
    """`ID.json` is a transfer; `ID.lock` is there, and locked, while somebody works on it;
    `ID.cancel` is there once somebody wants it cancelled. All methods block."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / TRANSFERS

    def add(self, transfer: Transfer) -> None:
        """Durable when it returns. `StoreError`."""
        try:
            self._path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise translate(error, self._path) from error
        sync_directory(self._path.parent)
        self.write(transfer)

    def write(self, transfer: Transfer) -> None:
        """For who holds it. `StoreError`."""
        text = _FORM.dump_json(transfer, indent=1).decode() + "\n"
        private_files.write(self._file(transfer.id, "json"), text)

    def ids(self, after: str = "") -> list[str]:
        """The oldest first."""
        try:
            names = os.listdir(self._path)
        except FileNotFoundError:
            return []
        found = (name.removesuffix(".json") for name in names if name.endswith(".json"))
        return sorted(id for id in found if id > after and _ID.fullmatch(id))

    def get(self, id: str) -> Transfer:
        """`NotFound`, `FormatError`."""
        try:
            text = self._file(id, "json").read_bytes()
        except FileNotFoundError:
            raise NotFound(f"There is no transfer {id}.") from None
        try:
            return _FORM.validate_json(text)
        except ValidationError:
            path = str(self._file(id, "json"))
            raise FormatError(f"{path} holds no transfer.", path=path) from None

    def every(self, after: str = "") -> Iterator[Transfer]:
        """The oldest first, without those that nobody can read."""
        for id in self.ids(after):
            with suppress(NotFound, FormatError):
                yield self.get(id)

    def hold(self, id: str) -> Held | None:
        """To work on it. None while somebody else does, and when there is nothing to do.

        `FormatError` for one that nobody can read; `StoreError`.
        """
        lock = _locked(self._file(id, "lock"))
        if lock is None:
            return None
        try:
            return Held(self, self._unfinished(id), lock)
        except NotFound:
            self.let_go(id, lock, is_over=True)
            return None
        except BaseException:
            os.close(lock)
            raise

    def _unfinished(self, id: str) -> Transfer:
        found = self.get(id)
        if found.is_over:
            raise NotFound(f"The transfer {id} has ended.")
        return found

    def let_go(self, id: str, lock: int, *, is_over: bool) -> None:
        """With what is not needed once it has ended: the lock goes while it is held, or another
        process might hold one that nobody sees."""
        for kind in ("cancel", "lock") if is_over else ():
            self._file(id, kind).unlink(missing_ok=True)
        os.close(lock)

    def ask_to_cancel(self, id: str) -> None:
        private_files.write(self._file(id, "cancel"), "")

    def is_to_be_cancelled(self, id: str) -> bool:
        return self._file(id, "cancel").exists()

    def forget(self, id: str) -> None:
        """Remove one that ended."""
        for kind in ("cancel", "json"):
            self._file(id, kind).unlink(missing_ok=True)

    def tidy(self, now: datetime) -> None:
        """Forget those that ended long ago, and of very many the oldest."""
        ended = {each.id: each.ended for each in self.every() if each.ended is not None}
        by_time = sorted(ended, key=lambda id: ended[id], reverse=True)
        for place, id in enumerate(by_time):
            if place >= MOST_KEPT or ended[id] < now - KEPT:
                self.forget(id)
        self._remove_half_written(now)

    def _remove_half_written(self, now: datetime) -> None:
        """What processes left that died while they wrote."""
        for path in self._path.glob(".*.json.*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < (now - KEPT).timestamp():
                    path.unlink()

    def _file(self, id: str, kind: str) -> Path:
        """`NotFound` for what is no id, and might be a path."""
        if not _ID.fullmatch(id):
            raise NotFound(f"There is no transfer {id}.")
        return self._path / f"{id}.{kind}"


class Held:
    """A transfer that nobody else works on until `release`, or until this process ends."""

    def __init__(self, folder: Folder, transfer: Transfer, lock: int) -> None:
        self.transfer = transfer
        self._folder = folder
        self._lock = lock

    def save(self, transfer: Transfer) -> None:
        self._folder.write(transfer)
        self.transfer = transfer

    def release(self) -> None:
        self._folder.let_go(self.transfer.id, self._lock, is_over=self.transfer.is_over)


def _locked(path: Path) -> int | None:
    try:
        return held(path)
    except OSError as error:
        raise translate(error, path) from error
