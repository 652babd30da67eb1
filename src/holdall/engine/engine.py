"""What every verb is given: the catalog, the payload store, and who is asking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from holdall.catalog.transaction import Catalog
from holdall.engine.sealing import Unseal
from holdall.payloads.protocol import PayloadStore

SMALL = 64 * 1024
"""Contents up to this many bytes live in the catalog."""

LEASE = 60_000_000
"""Microseconds for which a writer or a long reading is believed alive without a word."""


def microseconds() -> int:
    return time.time_ns() // 1000


@dataclass(slots=True)
class Engine:
    """One open store. `now` gives microseconds since 1970 UTC; tests set it.

    `unseal` reads sealed payloads for whoever brings no key of their own.
    """

    catalog: Catalog
    payloads: PayloadStore
    owner: str
    now: Callable[[], int] = microseconds
    background: set[asyncio.Task[object]] = field(default_factory=set)
    unseal: Unseal | None = field(default=None, repr=False)

    def of(self, owner: str, unseal: Unseal | None) -> Engine:
        """The same store in somebody's name. Made for every request: `replace` is slower."""
        return Engine(self.catalog, self.payloads, owner, self.now, self.background, unseal)

    async def aclose(self) -> None:
        for task in tuple(self.background):
            with suppress(Exception):
                await task
        await self.catalog.aclose()
        await self.payloads.aclose()
