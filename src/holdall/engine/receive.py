"""Taking in the bytes of a source: a few are kept in hand, many become a pending payload.

Steps 1 to 3 of a durable write. What follows in the same transaction as the revision is
in `append`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from holdall.catalog.tables import doomed, payloads
from holdall.catalog.tables.doomed import DoomedRow
from holdall.catalog.tables.payloads import PENDING, PayloadRow, store_id
from holdall.catalog.tables.spans import SpanRow
from holdall.catalog.transaction import Transaction
from holdall.core.checksums import BlockSums, Digester, crc32c, digester, feed, verified
from holdall.core.errors import HoldallError, OutcomeUnknown
from holdall.core.sources import Source, chunks, in_memory
from holdall.engine.collect import collect_soon
from holdall.engine.content import Content
from holdall.engine.engine import LEASE, SMALL, Engine
from holdall.engine.records import pack_digests
from holdall.engine.sealing import Seal, Sealing, new_sealing, sealed
from holdall.payloads.protocol import PayloadWriting

Checksums = Mapping[str, bytes | None]
NO_CHECKSUMS: Checksums = {}
FIRST = 4096
"""How many of the first bytes are kept, to guess the type from."""


class Received(NamedTuple):
    """Bytes that are safe, or few enough to be made safe with the revision.

    `content` has size, checksums and where the bytes are; `first` the first bytes.
    """

    content: Content
    first: bytes


@asynccontextmanager
async def receive(
    engine: Engine, source: Source, checksums: Checksums, seal: Seal | None = None
) -> AsyncIterator[Received]:
    """Take in a source. After any error, here or in the block, its payload is given up.

    With a seal the bytes are encrypted; size, checksums and `first` speak of the plain ones.
    """
    intent = Intent()
    try:
        yield await _take(engine, source, checksums, intent, seal)
    except OutcomeUnknown:
        raise  # the payload may be in use: the sweeper will find out
    except BaseException:
        await _give_up(engine, intent)
        raise


@dataclass(slots=True)
class Intent:
    """A payload announced in the catalog; `id` None until it may be.

    An announcement that was rolled back leaves an id here that is another's now, so the
    token decides whose it is. `written` once the announcement is known to be committed.
    """

    token: str = ""
    id: int | None = None
    written: bool = False


def in_hand(data: bytes, checksums: Checksums, seal: Seal | None = None) -> Received:
    """As `receive`, for bytes that are in memory and few."""
    digesters = _digesters(checksums)
    feed(digesters.values(), data)
    digests = verified(digesters, checksums)
    return Received(_small_content(data, digests, seal), data[:FIRST])


def _small_content(data: bytes, digests: Mapping[str, bytes], seal: Seal | None) -> Content:
    if seal is None:
        return _content(len(data), crc32c(data), digests, small=data)
    sealing = Sealing(seal)
    stored = sealing.update(data)
    content = _content(len(data), sealing.crc32c, digests, small=stored, opaque=seal.opaque)
    return content._replace(sealed=sealing.wrapped)


async def _take(
    engine: Engine,
    source: Source,
    checksums: Checksums,
    intent: Intent,
    seal: Seal | None,
) -> Received:
    if (data := in_memory(source, SMALL)) is not None:
        return in_hand(data, checksums, seal)
    stream = chunks(source)
    try:
        head, ended = await _head(stream)
        if ended:
            return in_hand(bytes(head), checksums, seal)
        return await _store(engine, head, stream, checksums, intent, new_sealing(seal))
    finally:
        await stream.aclose()  # type: ignore[attr-defined]


async def _head(stream: AsyncIterator[bytes]) -> tuple[bytearray, bool]:
    """The first bytes, and whether they are all; more than `SMALL` otherwise."""
    head = bytearray()
    async for chunk in stream:
        head += chunk
        if len(head) > SMALL:
            return head, False
    return head, True


async def _store(
    engine: Engine,
    head: bytearray,
    stream: AsyncIterator[bytes],
    checksums: Checksums,
    intent: Intent,
    sealing: Sealing | None,
) -> Received:
    """`head` is emptied: it would be kept in memory for as long as a slow sender takes."""
    first = bytes(head[:FIRST])
    writing = await engine.payloads.begin()
    try:
        sums, digesters = BlockSums(), _digesters(checksums)
        await _write(writing, bytes(head), sums, digesters, sealing)
        head.clear()
        async for chunk in stream:
            await _write(writing, chunk, sums, digesters, sealing)
        digests = verified(digesters, checksums)
        await _finish(engine, writing, sums, intent, sealing.wrapped if sealing else None)
    finally:
        await writing.aclose()
    crc = sums.crc32c if sealing is None else sealing.crc32c
    opaque = sealing is not None and sealing.opaque
    content = _content(sums.size, crc, digests, pending=intent.id, opaque=opaque)
    return Received(content, first)


async def _write(
    writing: PayloadWriting,
    chunk: bytes,
    sums: BlockSums,
    digesters: Mapping[str, Digester],
    sealing: Sealing | None,
) -> None:
    """The digests are of the chunk, the sums of what is stored for it."""
    stored = await sealed(sealing, chunk)
    if digesters:
        await asyncio.gather(
            writing.write(stored), *(asyncio.to_thread(d.update, chunk) for d in digesters.values())
        )
    else:
        await writing.write(stored)
    sums.update(stored)


async def _finish(
    engine: Engine, writing: PayloadWriting, sums: BlockSums, intent: Intent, wrapped: bytes | None
) -> None:
    """Commit the intent, then make the bytes durable under the lease it holds."""
    intent.token = secrets.token_hex(8)
    until = engine.now() + LEASE
    row = PayloadRow(0, intent.token, PENDING, sums.size, until, sums.packed, wrapped)
    id = await engine.catalog.write(partial(_announce, row=row, intent=intent))
    intent.written = True
    keeper = asyncio.create_task(_keep(engine, id))
    try:
        await writing.finish(store_id(id, intent.token))
    finally:
        keeper.cancel()
        await asyncio.wait([keeper])


def _announce(tx: Transaction, row: PayloadRow, intent: Intent) -> int:
    """Also told to a caller who is cancelled and never hears of the result."""
    intent.id = tx.tick().seq
    payloads.insert_pending(tx, row._replace(id=intent.id))
    return intent.id


async def _keep(engine: Engine, id: int) -> None:
    """Renew the lease while a slow disk takes its time."""
    while True:
        await asyncio.sleep(LEASE / 3e6)
        with suppress(HoldallError):
            await engine.catalog.write(
                lambda tx: payloads.renew(tx, id, engine.now() + LEASE), essential=True
            )


async def _give_up(engine: Engine, intent: Intent) -> None:
    """Doom a payload that is not in use. Where even that fails, its lease runs out."""
    if intent.id is None:
        return
    with suppress(HoldallError):
        unit = partial(_doom, id=intent.id, intent=intent)
        await asyncio.shield(engine.catalog.write(unit, essential=True))
        collect_soon(engine)


def _doom(tx: Transaction, id: int, intent: Intent) -> None:
    """Also when a sweeper did it before: its file may have been written after that."""
    if payloads.is_pending(tx, id, intent.token):
        doomed.doom(tx, id, tx.tick().seq)
    elif intent.written and not payloads.is_live(tx, id):
        doomed.doom_again(tx, DoomedRow(id, intent.token, tx.tick().seq))


def _digesters(checksums: Checksums) -> dict[str, Digester]:
    return {name: digester(name) for name in checksums}


def _content(
    size: int,
    crc: int,
    digests: Mapping[str, bytes],
    *,
    small: bytes | None = None,
    pending: int | None = None,
    opaque: bool = False,
) -> Content:
    unkept = ("crc32c", "md5") if opaque else ("crc32c",)  # the one has its own column
    kept = {name: digest.hex() for name, digest in digests.items() if name not in unkept}
    return Content(
        size=size,
        crc32c=crc,
        etag=kept.get("md5"),
        checksums=pack_digests(kept),
        small=small,
        spans=() if pending is None else (SpanRow(0, pending, 0, size),),
        pending=pending,
    )
