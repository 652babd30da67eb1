"""The way from a client to its backend, opened by the first call that needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from holdall.backends.accounts import Accounts
from holdall.backends.protocol import Backend
from holdall.backends.watching import Watcher
from holdall.client import forks
from holdall.client.maintenance import Maintenance
from holdall.client.values.bucket import Bucket
from holdall.core.errors import Closed, NotSupported


@dataclass(frozen=True, slots=True)
class Opened:
    """An open backend, what looks after its store where that is in our hands, the accounts of
    a server, who keeps the bytes of buckets of which the backend does not say it, and what tells
    of changes where that is known here."""

    backend: Backend
    maintenance: Maintenance | None = None
    accounts: Accounts | None = None
    provider: Bucket.Provider = Bucket.Provider.HOLDALL
    watcher: Watcher | None = None

    async def aclose(self) -> None:
        if self.accounts is not None:
            await self.accounts.aclose()
        await self.backend.aclose()


Opener = Callable[[], Awaitable[Opened]]


class Connection:
    """Opens a backend once, however many tasks ask at the same time, and after a fork anew."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._opened: Opened | None = None
        self._closed = False
        self._lock = asyncio.Lock()
        self._generation = forks.generation()

    async def maintenance(self) -> Maintenance:
        """What looks after the store. `NotSupported` where somebody else does."""
        found = (await self.opened()).maintenance
        if found is None:
            raise NotSupported("only a directory can be checked, swept and backed up from here")
        return found

    async def accounts(self, what: str) -> Accounts:
        """The accounts of a server. `NotSupported` elsewhere, saying that `what` needs one."""
        found = (await self.opened()).accounts
        if found is None:
            raise NotSupported(f"{what}: this needs a Holdall server in front of the store")
        return found

    async def aclose(self) -> None:
        """Close what was opened. Harmless when repeated."""
        if self._generation != forks.generation():
            self._leave_to_parent()
        async with self._lock:
            self._closed = True
            opened, self._opened = self._opened, None
        if opened is not None:
            await opened.aclose()

    async def opened(self) -> Opened:
        """What is open. `Closed` after `aclose`."""
        if self._generation != forks.generation():
            self._leave_to_parent()
        if self._opened is not None:
            return self._opened
        async with self._lock:
            if self._closed:
                raise Closed("the client is closed")
            if self._opened is None:
                self._opened = await self._opener()
            return self._opened

    def _leave_to_parent(self) -> None:
        forks.abandon((self._opened, self._lock))
        self._opened, self._lock = None, asyncio.Lock()
        self._generation = forks.generation()
