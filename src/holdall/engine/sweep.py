"""Clearing up after writers that died, and what is doomed. Unknown is never garbage."""

from __future__ import annotations

import secrets
from functools import partial

from holdall.catalog.tables import doomed, leases, payloads
from holdall.catalog.transaction import Transaction
from holdall.core.errors import Busy
from holdall.core.values import Sweep
from holdall.engine.collect import collect
from holdall.engine.engine import LEASE, Engine

BATCH = 500
TURN = "sweeper"


async def sweep(engine: Engine, *, dry_run: bool = False) -> Sweep:
    """Turn pending payloads of dead writers into doomed ones, then delete what is doomed.

    One sweeper at a time has the turn; `Busy` for a second one.
    """
    if dry_run:
        return await _foresee(engine)
    holder = secrets.token_hex(8)
    if not await engine.catalog.write(partial(_take_turn, holder, engine.now()), essential=True):
        raise Busy("Another sweeper is at work.")
    try:
        return await _sweep(engine)
    finally:
        await engine.catalog.write(lambda tx: leases.release(tx, TURN, holder), essential=True)


def _take_turn(holder: str, now: int, tx: Transaction) -> bool:
    leases.forget_dead(tx, now)
    return leases.take(tx, TURN, holder, tx.tick().seq, now, now + LEASE)


async def _sweep(engine: Engine) -> Sweep:
    abandoned = 0
    while some := await engine.catalog.write(
        partial(_abandon_some, now=engine.now()), essential=True
    ):
        abandoned += some
    deleted = await collect(engine)
    staging = await engine.payloads.sweep()
    await engine.catalog.maintain()
    return Sweep(abandoned, deleted, staging)


def _abandon_some(tx: Transaction, now: int) -> int:
    silent = payloads.expired(tx, now, BATCH)
    for id in silent:
        doomed.doom(tx, id, tx.tick().seq)
    return len(silent)


async def _foresee(engine: Engine) -> Sweep:
    now = engine.now()
    abandoned = await engine.catalog.scan(
        lambda reads: len(payloads.expired(reads, now, 1_000_000))
    )
    waiting = await engine.catalog.scan(doomed.every)
    return Sweep(abandoned, abandoned + len(waiting))
