"""The folder: what is in it, and what may be done with it."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from holdall.payloads.local.folders import make_folder, sync_folder
from holdall.payloads.local.reading import PIECE, Crowd, LocalReading
from holdall.payloads.local.staging import Staged, sweep
from holdall.payloads.local.threads import Threads
from holdall.payloads.local.translated import translated
from holdall.payloads.local.writing import LocalWriting
from holdall.payloads.protocol import Check, PayloadInfo, PayloadMissing

FOLDERS: Final = tuple(f"{number:02x}" for number in range(256))
ID: Final = re.compile("[0-9a-z-]{1,64}")


class LocalPayloads:
    """A `PayloadStore` in the folder `root`, which `create` has prepared.

    `fsync=False` skips every fsync: a power cut may then lose or truncate payloads that
    were acknowledged, a killed process still loses none.
    """

    def __init__(self, root: Path, *, fsync: bool = True) -> None:
        self._staging = os.path.join(root, "staging")
        self._data = os.path.join(root, "data")
        self._fsync = fsync
        # Two pools, so that readers do not queue behind fsyncs. Many writers, because a
        # file system commits the fsyncs that wait at the same time together.
        self._readers = Threads(8, "holdall-read")
        # Two for long ranges: each thread allocates from a heap of its own, and with more of
        # them the large pieces move from cold heap to cold heap, at half the speed.
        self._streams = Threads(2, "holdall-stream")
        self._writers = Threads(32, "holdall-write")
        self._crowd = Crowd()

    @classmethod
    def create(cls, root: Path, *, fsync: bool = True) -> LocalPayloads:
        """Make the folders that are missing, durably. The parent of `root` must exist.

        Blocks, for milliseconds. Harmless when repeated, also after a crash in the middle.
        """
        with translated(root):
            store = cls(root, fsync=fsync)
            folders = [os.path.join(store._data, name) for name in FOLDERS]
            for folder in (str(root), store._staging, store._data, *folders):
                make_folder(folder)
            if fsync:
                for folder in (store._data, str(root), str(root.absolute().parent)):
                    sync_folder(folder)
        return store

    async def begin(self) -> LocalWriting:
        return LocalWriting(self._writers, Staged(self._staging, self._fsync), self._path)

    async def read(self, id: str, start: int, end: int, check: Check | None = None) -> LocalReading:
        path = self._path(id)
        # At once, on the event loop: it takes microseconds, and from here on the bytes
        # survive a deletion.
        with translated(path, writing=False):
            try:
                file = os.open(path, os.O_RDONLY)
            except FileNotFoundError as error:
                raise PayloadMissing(id) from error
        threads = self._streams if end - start > PIECE else self._readers
        return LocalReading(threads, file, path, range(start, end), check, self._crowd)

    async def delete(self, ids: Iterable[str]) -> None:
        await self._writers.run(self._delete, tuple(ids))

    def _delete(self, ids: Sequence[str]) -> None:
        paths = [self._path(id) for id in ids]
        for path in paths:
            with translated(path), suppress(FileNotFoundError):
                os.unlink(path)
        if self._fsync:
            self._sync_deletions({os.path.dirname(path) for path in paths})

    def _sync_deletions(self, folders: set[str]) -> None:
        """Once for each folder, also where nothing was left to delete: an earlier attempt
        may have failed here. Not durable, a deleted payload could come back after the
        catalog has forgotten it, and would be nobody's."""
        for folder in sorted(folders):
            with translated(folder), suppress(FileNotFoundError):
                sync_folder(folder)

    async def list(self) -> AsyncIterator[PayloadInfo]:
        for name in FOLDERS:
            for info in await self._readers.run(payloads_in, os.path.join(self._data, name)):
                yield info

    async def sweep(self) -> int:
        return await self._writers.run(sweep, self._staging)

    async def aclose(self) -> None:
        await self._readers.aclose()
        await self._streams.aclose()
        await self._writers.aclose()

    def _path(self, id: str) -> str:
        return os.path.join(self._data, FOLDERS[zlib.crc32(id.encode()) & 0xFF], id)


def payloads_in(folder: str) -> list[PayloadInfo]:
    found = []
    with translated(folder, writing=False), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # deleted meanwhile
                if ID.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    found.append(PayloadInfo(entry.name, entry.stat().st_size))
    return found
