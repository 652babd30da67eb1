"""Sealing anew what is kept sealed, in small steps: each is there or not, and does no harm
when it is done again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from holdall.catalog.tables import access_keys, payloads, settings, small_payloads
from holdall.catalog.transaction import Reads, Transaction
from holdall.engine.engine import Engine

BATCH = 500
"""Rows that are sealed anew in one transaction."""

Id = TypeVar("Id", int, str)


Renew = Callable[[Id, bytes], bytes | None]
"""What is sealed, sealed anew; None where it may stay as it is."""
Page = Callable[[Reads, Id, int], Sequence[tuple[Id, bytes]]]
"""Some rows after an id, by id: what each holds sealed."""
Replace = Callable[[Transaction, Id, bytes, bytes], bool]
"""Replace what a row holds, if it is what it was; False where it is not."""


async def reseal_data_keys(engine: Engine, renew: Renew[int]) -> int:
    """The data keys of all payloads; how many were sealed anew. Bytes are not touched."""
    large = await _reseal(engine, -1, payloads.sealed, payloads.reseal, renew)
    small = await _reseal(engine, -1, small_payloads.sealed, small_payloads.reseal, renew)
    return large + small


async def reseal_access_keys(engine: Engine, renew: Renew[str]) -> int:
    """The secrets of all access keys; how many were sealed anew."""
    return await _reseal(engine, "", access_keys.sealed, access_keys.reseal, renew)


async def reseal_documents(engine: Engine, name: str, renew: Callable[[str], str | None]) -> int:
    """The documents of that name of all buckets; how many were sealed anew."""

    def unit(tx: Transaction, changes: Sequence[tuple[int, str, str]]) -> int:
        current = [each for each in changes if settings.get(tx, each[0], name) == each[1]]
        for bucket, _, new in current:
            settings.put(tx, bucket, name, new)
        return len(current)

    found = await engine.catalog.scan(lambda reads: settings.holders(reads, name))
    renewed = ((bucket, old, renew(old)) for bucket, old in found)
    changes = [(bucket, old, new) for bucket, old, new in renewed if new is not None]
    total = 0
    for start in range(0, len(changes), BATCH):
        some = changes[start : start + BATCH]
        total += await engine.catalog.write(partial(unit, changes=some))
    return total


async def _reseal(
    engine: Engine, after: Id, page: Page[Id], replace: Replace[Id], renew: Renew[Id]
) -> int:
    def unit(tx: Transaction, changes: Sequence[tuple[Id, bytes, bytes]]) -> int:
        return sum(replace(tx, *change) for change in changes)

    total = 0
    while rows := await engine.catalog.scan(partial(_page, page, after)):
        changes = await asyncio.to_thread(_renewed, rows, renew)
        if changes:
            total += await engine.catalog.write(partial(unit, changes=changes))
        after = rows[-1][0]
    return total


def _page(page: Page[Id], after: Id, reads: Reads) -> Sequence[tuple[Id, bytes]]:
    return page(reads, after, BATCH)


def _renewed(rows: Sequence[tuple[Id, bytes]], renew: Renew[Id]) -> list[tuple[Id, bytes, bytes]]:
    renewed = ((id, sealed, renew(id, sealed)) for id, sealed in rows)
    return [(id, old, new) for id, old, new in renewed if new is not None]


async def is_anything_sealed(engine: Engine, document: str) -> bool:
    """Whether a server has ever sealed something that is still here: an access key, an object, a
    document of that name."""

    def query(reads: Reads) -> bool:
        return bool(
            access_keys.sealed(reads, "", 1)
            or settings.holders(reads, document)
            or payloads.sealed(reads, -1, 1)
            or small_payloads.sealed(reads, -1, 1)
        )

    return await engine.catalog.scan(query)
