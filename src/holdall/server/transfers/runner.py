"""Runs what nobody runs yet: after a crash it is another process that goes on."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import Final

from holdall.core.errors import FormatError, HoldallError, Timeout
from holdall.server.state import State
from holdall.server.transfers.attempt import Attempts, Tally
from holdall.server.transfers.folder import Folder, Held
from holdall.server.transfers.rights import Granted, Rights
from holdall.server.transfers.values import Stopped, Transfer, attempted, begun, noted

AT_ONCE: Final = 2
LOOK: Final = 2.0
TICK: Final = 1.0
PAUSE: Final = 2.0
TIDY: Final = 1800
"""Transfers that a process runs at once; seconds between two looks for others, and at one that
runs; seconds after a failed attempt, as often as it failed; looks between two tidyings."""

_log = logging.getLogger("holdall.server")


class TransferRunner:
    """The transfers of a server, of which this process runs some.

    Locks are taken without a thread: one that was cancelled would keep its lock.
    """

    def __init__(self, folder: Folder, state: State, rights: Rights, attempts: Attempts) -> None:
        self.folder = folder
        self._state = state
        self._rights = rights
        self._attempts = attempts
        self._running: dict[str, asyncio.Task[None]] = {}
        self._over: set[str] = set()  # what ended stays so, and need not be read again
        self._looking = asyncio.Lock()
        self._stopped = False

    async def run(self, stopping: asyncio.Event) -> None:
        """Run what is unfinished until the server stops. What is not done then goes on when
        one starts."""
        looks = 0
        try:
            while not stopping.is_set():
                await self._looked(tidies=looks % TIDY == 0)
                looks += 1
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), LOOK)
        finally:
            await self._stop()

    async def _stop(self) -> None:
        self._stopped = True
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _looked(self, *, tidies: bool) -> None:
        try:
            if tidies:
                await asyncio.to_thread(self.folder.tidy, self._state.now())
            await self.look()
        except Exception:
            _log.exception("transfers could not be looked at; they will be again")

    async def look(self) -> None:
        """Begin with as many as there is room for, the oldest first."""
        async with self._looking:
            ids = await asyncio.to_thread(self.folder.ids)
            self._over.intersection_update(ids)
            for id in ids:
                if self._stopped or len(self._running) >= AT_ONCE:
                    return
                if id not in self._over and id not in self._running:
                    await self._take(id)

    async def _take(self, id: str) -> None:
        try:
            held = self.folder.hold(id)
            if held is None:
                await self._note_end(id)
                return
        except FormatError:
            _log.exception("transfer %s cannot be read", id)
            self._over.add(id)
            return
        except OSError as error:  # it may pass, and must not hold up the others
            _log.warning("transfer %s could not be looked at; it will be again: %s", id, error)
            return
        task = asyncio.create_task(self._run(held))
        self._running[id] = task
        task.add_done_callback(lambda _: self._let_go(held))  # not in it: it may never begin

    def _let_go(self, held: Held) -> None:
        self._running.pop(held.transfer.id)
        held.release()

    async def _note_end(self, id: str) -> None:
        with suppress(HoldallError):
            if (await asyncio.to_thread(self.folder.get, id)).is_over:
                self._over.add(id)

    async def settle(self, id: str) -> None:
        """Cancel it at once if nobody works on it; else who does will notice."""
        held = self.folder.hold(id)
        if held is not None:
            held.save(held.transfer.over("cancelled", self._state.now()))
            held.release()

    async def _run(self, held: Held) -> None:
        try:
            while not held.transfer.is_over:
                await self._attempt(held)
        except Exception:  # the disk is full, or the folder gone: it is tried again
            _log.exception("transfer %s was given up for now", held.transfer.id)

    async def _attempt(self, held: Held) -> None:
        before = held.transfer
        held.save(begun(before, self._state.now()))
        if held.transfer.is_over:
            return
        tally, error = Tally(), None
        try:
            await self._watched(held, tally)
        except asyncio.CancelledError:
            held.save(_put_off(held.transfer, before, tally))
            raise
        except Exception as caught:
            error = _logged(held.transfer, caught)
        now = self._state.now()
        held.save(attempted(noted(held.transfer, tally.counts), error, now))
        if not held.transfer.is_over:
            await asyncio.sleep(PAUSE * held.transfer.fruitless)

    async def _watched(self, held: Held, tally: Tally) -> None:
        """An attempt, at which somebody looks every second: whether it is wanted, and may be."""
        granted = await self._permit(held)
        imports = await self._rights.imports(granted.key, held.transfer.wanted)
        making = self._attempts.make(held.transfer.wanted, granted, imports, tally)
        work = asyncio.create_task(making)
        try:
            while not (await asyncio.wait({work}, timeout=TICK))[0]:
                await self._look_after(held, tally, granted)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        await work

    async def _look_after(self, held: Held, tally: Tally, granted: Granted) -> None:
        now = await self._permit(held)
        await self._rights.imports(now.key, held.transfer.wanted)
        if self._state.now() >= granted.until:
            raise Timeout("The credentials are used up; the next attempt has others.")
        if tally.counts != held.transfer.counts:
            await _saved(held, noted(held.transfer, tally.counts))

    async def _permit(self, held: Held) -> Granted:
        if self.folder.is_to_be_cancelled(held.transfer.id):
            raise Stopped("cancelled")
        return await self._rights.grant(held.transfer.claim)


async def _saved(held: Held, transfer: Transfer) -> None:
    """To its end, come what may: what is saved next must not be overtaken."""
    saving = asyncio.create_task(asyncio.to_thread(held.save, transfer))
    try:
        await asyncio.shield(saving)
    except asyncio.CancelledError:
        await asyncio.gather(saving, return_exceptions=True)
        raise


def _put_off(transfer: Transfer, before: Transfer, tally: Tally) -> Transfer:
    """The server stops, which is no fault of the transfer's."""
    found = noted(transfer, tally.counts)
    return replace(found, state="queued", fruitless=min(found.fruitless, before.fruitless))


def _logged(transfer: Transfer, error: Exception) -> Exception:
    """The same. What is no error of Holdall's is a mistake of ours."""
    if not isinstance(error, HoldallError | Stopped | OSError):
        _log.error("transfer %s met an internal error", transfer.id, exc_info=error)
    return error
