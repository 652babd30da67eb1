"""A process that transfers one large file and is killed from outside while it does.

Arguments: the store, the journal, `up` or `down`, the file, the blob's URI, and how many
bytes shall have passed before it says so and waits for its end.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from holdall import connect
from holdall.client.progress import AbstractFileProgress
from holdall.transfer.transfers import Transfers


class Stopping(AbstractFileProgress):
    """Says that enough has passed, and goes on until it is killed."""

    def __init__(self, enough: int) -> None:
        self._enough = enough
        self._said = False

    def start(self, data: Any) -> None: ...

    def step(self, data: Any) -> None:
        if data.current >= self._enough and not self._said:
            self._said = True
            sys.stdout.write(f"{data.current}\n")
            sys.stdout.flush()

    def complete(self, data: Any) -> None: ...


async def main(store: str, journal: str, way: str, file: str, uri: str, enough: str) -> None:
    async with connect(store, owner="ann") as client:
        buckets = Transfers(client, Path(journal)).buckets
        progress = Stopping(int(enough))
        if way == "up":
            await buckets.upload_file(file, uri, progress=progress)
        else:
            await buckets.download_file(uri, file, progress=progress)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
