"""The journal of transfers that are under way: what is needed to go on after a crash.

One file a transfer, so that processes never meet; its owner holds it locked. A file is
lines of a CRC32C and a JSON document: first the entry, then the parts that arrived. What
follows the first line that is not whole was never written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from holdall.core.checksums import crc32c
from holdall.core.errors import Conflict, NotFound
from holdall.core.held_files import held
from holdall.transfer.entries import Entry, packed, unpacked

_SUFFIX: Final = ".journal"


class Record:
    """One transfer's file, open and locked. Methods block."""

    def __init__(self, file: int, path: Path) -> None:
        self._file = file
        self._path = path
        lines, end = _lines(os.pread(file, os.fstat(file).st_size, 0))
        os.ftruncate(file, end)  # what is appended must not stand behind half a line
        os.lseek(file, end, os.SEEK_SET)
        self.entry: Entry | None = unpacked(lines[0]) if lines else None
        self._arrived: dict[int, int] = dict(line["part"] for line in lines[1:])

    @property
    def arrived(self) -> Mapping[int, int]:
        """The checksum of each part that was noted, by its number."""
        return self._arrived

    def begin(self, entry: Entry) -> None:
        """Forget what there was and note a transfer. It is durable when this returns."""
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        self.entry, self._arrived = entry, {}
        self._append(packed(entry))
        os.fsync(self._file)
        _sync_folder(self._path.parent)

    def arrive(self, number: int, crc: int) -> None:
        """Note a part. Not synced: whoever reads it compares the checksum with the bytes."""
        self._arrived[number] = crc
        self._append({"part": [number, crc]})

    def forget(self) -> None:
        """The transfer is over."""
        self.entry = None
        self._path.unlink(missing_ok=True)

    def _append(self, said: Mapping[str, Any]) -> None:
        text = json.dumps(said, separators=(",", ":")).encode()
        view = memoryview(b"%08x %s\n" % (crc32c(text), text))
        while view:
            view = view[os.write(self._file, view) :]


class Journal:
    """The records in a folder, which is made when it is needed. Methods block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def record(self, id: str) -> Iterator[Record]:
        """The record of this id, alone in all processes; one without an entry leaves nothing.

        `Conflict` when another transfer has it.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(id)
        file = _locked(path)
        try:
            record = Record(file, path)
            yield record
            if record.entry is None:
                path.unlink(missing_ok=True)
        finally:
            os.close(file)

    def entry(self, id: str) -> Entry:
        """What is known of a transfer, running or not. `NotFound`."""
        found = self._read(self._path(id))
        if found is None:
            raise NotFound(f"no unfinished transfer {id!r}", actual=id)
        return found

    def entries(self) -> list[Entry]:
        """All unfinished transfers, those that are running included, the oldest first."""
        paths = sorted(self._folder.glob(f"*{_SUFFIX}"), key=_age)
        found = (self._read(path) for path in paths)
        return [entry for entry in found if entry is not None]

    def _path(self, id: str) -> Path:
        if not id.isalnum():
            raise NotFound(f"no unfinished transfer {id!r}", actual=id)
        return self._folder / f"{id}{_SUFFIX}"

    def _read(self, path: Path) -> Entry | None:
        try:
            lines, _ = _lines(path.read_bytes())
        except FileNotFoundError:  # it has finished meanwhile
            return None
        return unpacked(lines[0]) if lines else None


def _locked(path: Path) -> int:
    file = held(path)
    if file is None:
        raise Conflict("this transfer is under way already", path=path)
    return file


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _lines(data: bytes) -> tuple[list[Any], int]:
    """The whole lines from the start on, and where they end."""
    found, end = [], 0
    for line in data.splitlines(keepends=True):
        text = line[9:-1]
        if not line.endswith(b"\n") or line[:9] != b"%08x " % crc32c(text):
            break
        found.append(json.loads(text))
        end += len(line)
    return found, end


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
