"""Deleting what is doomed, soon after it was, away from whoever doomed it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

from holdall.catalog.tables import doomed, leases, payloads, small_payloads
from holdall.catalog.tables.doomed import DoomedRow
from holdall.catalog.tables.payloads import store_id
from holdall.catalog.transaction import Reads, Transaction
from holdall.core.errors import HoldallError
from holdall.engine.engine import Engine

BATCH = 500
FAR = 2**62


def collect_soon(engine: Engine) -> None:
    """Start a collection unless one is under way on this event loop."""
    loop = asyncio.get_running_loop()
    if not any(task.get_loop() is loop for task in engine.background):
        task: asyncio.Task[object] = asyncio.create_task(_collect_quietly(engine))
        engine.background.add(task)
        task.add_done_callback(engine.background.discard)


async def _collect_quietly(engine: Engine) -> None:
    with suppress(HoldallError):  # what stays doomed is met again by the next sweep
        await collect(engine)


async def collect(engine: Engine) -> int:
    """Delete what is doomed and no reading can still want; how many payloads went."""
    total = 0
    while rows := await engine.catalog.read(partial(_waiting, now=engine.now())):
        await engine.payloads.delete(_stored(rows))
        await engine.catalog.write(partial(_forget, rows=rows), essential=True)
        total += len(rows)
    return total


def _waiting(reads: Reads, now: int) -> list[DoomedRow]:
    oldest = leases.oldest_reading(reads, now)
    return doomed.waiting(reads, FAR if oldest is None else oldest, BATCH)


def _stored(rows: list[DoomedRow]) -> list[str]:
    return [store_id(row.payload, row.token) for row in rows if row.token is not None]


def _forget(tx: Transaction, rows: list[DoomedRow]) -> None:
    """The rows go after the bytes: a crash in between repeats the deletion, no more."""
    for row in rows:
        if doomed.delete(tx, row):
            small_payloads.delete(tx, row.payload)
            payloads.delete(tx, row.payload)
