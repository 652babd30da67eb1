"""Looking a bucket up once for all requests of one turn of the event loop.

What is begun after a look-up runs behind the end of the turn, which the look-up puts in the
loop's queue: whoever is still answered from it was waiting already, and could have been the
one who looked. So nobody sees less than a look-up of their own would have shown.
"""

from __future__ import annotations

import asyncio
from functools import partial

from holdall.catalog.tables import access
from holdall.catalog.tables.access import AccessRows
from holdall.engine.engine import Engine


class Turn:
    """Buckets by name. Many requests arrive together, most of them for the same bucket; on a
    server that writes, each statement waits for the writer's thread to let go."""

    __slots__ = ("_ending", "_found", "_number")

    def __init__(self) -> None:
        self._found: dict[str, tuple[AccessRows, ...]] = {}
        self._number = 0
        self._ending = False

    async def named(self, engine: Engine, name: str) -> tuple[AccessRows, ...]:
        """As `access.named`."""
        found = self._found.get(name)
        if found is None:
            number = self._begin()
            found = await engine.catalog.read(partial(access.named, name=name), single=True)
            if number == self._number:  # else it took longer than the turn
                self._found[name] = found
        return found

    def _begin(self) -> int:
        if not self._ending:
            self._ending = True
            asyncio.get_running_loop().call_soon(self._end)
        return self._number

    def _end(self) -> None:
        self._found = {}
        self._number += 1
        self._ending = False
