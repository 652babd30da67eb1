"""Holding back deletions for as long as somebody reads."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress

from holdall.catalog.tables import leases
from holdall.catalog.transaction import Transaction
from holdall.core.errors import HoldallError
from holdall.engine.collect import collect_soon
from holdall.engine.engine import LEASE, Engine


class Hold:
    """A lease, renewed until it is released: nothing doomed after it began is deleted.

    Should the process die, the lease runs out.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._holder = secrets.token_hex(8)
        self._renewer: asyncio.Task[None] | None = None

    def take(self, tx: Transaction) -> bool:
        """The unit that takes or renews the lease."""
        now = self._engine.now()
        name = f"reading-{self._holder}"
        return leases.take(tx, name, self._holder, tx.tick().seq, now, now + LEASE)

    def keep(self) -> None:
        """Renew from now on."""
        self._renewer = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE / 3e6)
            with suppress(HoldallError):
                await self._engine.catalog.write(self.take)

    async def release(self) -> None:
        if self._renewer is not None:
            self._renewer.cancel()
            await asyncio.wait([self._renewer])
        with suppress(HoldallError):  # then it runs out by itself
            await self._engine.catalog.write(
                lambda tx: leases.release(tx, f"reading-{self._holder}", self._holder),
                essential=True,
            )
        collect_soon(self._engine)
