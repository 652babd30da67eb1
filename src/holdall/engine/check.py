"""Does the catalog agree with itself, and with the bytes that are there?

Rows are judged in one consistent view. What the payload store holds is compared with
that view, and a difference is looked at once more in a fresh one before it is reported:
others may have been writing meanwhile.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial

from holdall.catalog.tables import audit, doomed, payloads, small_payloads
from holdall.catalog.tables.audit import Place
from holdall.catalog.tables.payloads import LIVE, PayloadRow, store_id
from holdall.catalog.transaction import Reads
from holdall.core.checksums import crc32c, verify_blocks
from holdall.core.values import Problem
from holdall.engine.engine import Engine
from holdall.payloads.protocol import BLOCK, PayloadMissing

BATCH = 1000


async def check(engine: Engine, *, scrub: bool = False) -> list[Problem]:
    """Every problem found; empty for a sound store. `scrub` also re-reads all bytes."""
    problems = [Problem("catalog", detail) for detail in await engine.catalog.integrity()]
    problems += await engine.catalog.scan(lambda reads: list(_rows(reads)))
    problems += [problem async for problem in _files(engine)]
    if scrub:
        problems += [problem async for problem in _scrub_small(engine)]
        problems += [problem async for problem in _scrub_stored(engine)]
    return problems


def _rows(reads: Reads) -> Iterator[Problem]:
    for finding in audit.findings(reads):
        for place in finding.places:
            yield _problem(finding.kind, finding.detail, place)


def _problem(kind: str, detail: str, place: Place) -> Problem:
    key = None if place.key is None else place.key.decode()
    payload = None if place.payload is None else f"{place.payload:012x}"
    return Problem(kind, detail, place.bucket, key, place.number, payload)


async def _files(engine: Engine) -> AsyncIterator[Problem]:
    rows = await engine.catalog.scan(_live)
    found = {info.id: info.size async for info in engine.payloads.list()}
    suspects = {id for id, row in rows.items() if found.get(id) != row.size}
    suspects |= found.keys() - rows.keys()
    if suspects:
        async for problem in _look_again(engine, suspects):
            yield problem


async def _look_again(engine: Engine, suspects: set[str]) -> AsyncIterator[Problem]:
    """Rows, files, rows: whatever came or went between is known to one of the views."""
    earlier = await engine.catalog.scan(lambda reads: _live(reads).keys() | _passing(reads))
    found = {info.id: info.size async for info in engine.payloads.list()}
    rows, passing = await engine.catalog.scan(lambda reads: (_live(reads), _passing(reads)))
    passing |= earlier
    for id in sorted(suspects):
        if id in rows and found.get(id) != rows[id].size:
            was = f"{found[id]} bytes" if id in found else "nothing"
            detail = f"of the payload's {rows[id].size} bytes there is {was}"
            for problem in await _damage(engine, rows[id].id, "payload file", detail):
                yield problem
        elif id in found and id not in rows and id not in passing:
            yield Problem("unknown", "nothing in the catalog speaks of this payload", payload=id)


def _live(reads: Reads) -> dict[str, PayloadRow]:
    return {store_id(row.id, row.token): row for row in _every_payload(reads) if row.state == LIVE}


def _passing(reads: Reads) -> set[str]:
    """Payloads on their way in or out, whose files may be there or not."""
    pending = {store_id(row.id, row.token) for row in _every_payload(reads) if row.state != LIVE}
    return pending | {store_id(row.payload, row.token or "") for row in doomed.every(reads)}


def _every_payload(reads: Reads) -> Iterator[PayloadRow]:
    after = -1
    while rows := payloads.page(reads, after, BATCH):
        yield from rows
        after = rows[-1].id


async def _damage(engine: Engine, payload: int, kind: str, detail: str) -> list[Problem]:
    """A payload's fault, told of every revision that has its bytes from there."""
    places = await engine.catalog.scan(partial(audit.users, payload=payload))
    unused = [Place(None, None, None, payload)]
    return [_problem(kind, detail, place) for place in places or unused]


async def _scrub_small(engine: Engine) -> AsyncIterator[Problem]:
    after = -1
    while rows := await engine.catalog.scan(partial(small_payloads.page, after=after, limit=BATCH)):
        for row in rows:
            if crc32c(row.bytes) != row.crc32c:
                detail = "the bytes in the catalog differ from their checksum"
                for problem in await _damage(engine, row.id, "bytes", detail):
                    yield problem
        after = rows[-1].id


async def _scrub_stored(engine: Engine) -> AsyncIterator[Problem]:
    after = -1
    while rows := await engine.catalog.scan(partial(payloads.page, after=after, limit=BATCH)):
        for row in rows:
            block = await _bad_block(engine, row) if row.state == LIVE else None
            if block is not None:
                detail = f"the bytes from {block * BLOCK} on differ from their checksum"
                for problem in await _damage(engine, row.id, "bytes", detail):
                    yield problem
        after = rows[-1].id


async def _bad_block(engine: Engine, row: PayloadRow) -> int | None:
    """The first damaged block of a payload. One that is missing was reported already."""
    try:
        reading = await engine.payloads.read(store_id(row.id, row.token), 0, row.size)
    except PayloadMissing:
        return None
    block = 0
    try:
        async for chunk in reading:
            bad = verify_blocks(chunk, block, row.sums)
            if bad is not None:
                return bad
            block += len(chunk) // BLOCK
    finally:
        await reading.aclose()
    return None
