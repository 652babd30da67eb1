"""An open blob of the engine: verified bytes, held while they are read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from types import TracebackType
from typing import NamedTuple, Self

from holdall.catalog.tables import revisions, spans
from holdall.catalog.tables.payloads import store_id
from holdall.catalog.tables.revisions import RevisionRow
from holdall.catalog.tables.spans import SpanRow
from holdall.catalog.transaction import Transaction
from holdall.core.checksums import crc32c, verify_blocks
from holdall.core.errors import Closed, Corrupt
from holdall.core.values import Revision
from holdall.engine import records
from holdall.engine.engine import Engine
from holdall.engine.hold import Hold
from holdall.engine.sealing import Opener, Unseal
from holdall.engine.spanning import AT_ONCE, Piece, cut, locate
from holdall.payloads.protocol import BLOCK, PayloadMissing, PayloadReading


class Found(NamedTuple):
    """What the catalog says of the blob; `pieces` may be only the first of many."""

    bucket: str
    row: RevisionRow
    is_current: bool
    start: int
    end: int
    pieces: list[Piece]


class EngineReading:
    """Meets `holdall.backends.protocol.Reading`.

    A single payload is held by its open file. A content of several takes a lease, which
    delays the deletion of payloads, and remembers its spans, which nothing delays.
    """

    def __init__(
        self, engine: Engine, key: str, found: Found, unseal: Unseal | None = None
    ) -> None:
        self._engine = engine
        self._key = key
        self._found = found
        self._opener = Opener(unseal or engine.unseal)
        self._hold: Hold | None = None
        self._spans: list[SpanRow] = []  # of a held content
        self._payload: PayloadReading | None = None
        self._chunks: AsyncGenerator[bytes, None] | None = None  # once it has begun
        self._failed: BaseException | None = None
        self._revision: Revision | None = None
        self._closed = False

    @property
    def revision(self) -> Revision:
        if self._revision is None:
            found = self._found
            self._revision = records.revision(self._key, found.row, is_current=found.is_current)
        return self._revision

    @property
    def span(self) -> tuple[int, int]:
        return self._found.start, self._found.end

    async def hold(self) -> None:
        """Take hold of the bytes. `PayloadMissing` when they were deleted meanwhile;
        `WrongKey`, before anybody is promised them."""
        some = self._found.pieces
        for piece in some:
            if piece.span.sealed is not None:
                self._opener.admit(piece.span.sealed)
        if len(some) == AT_ONCE or any(_is_stored(piece) for piece in some[1:]):
            await self._take_hold()
        elif some and _is_stored(some[0]):
            self._payload = await self._open(some[0])

    async def _take_hold(self) -> None:
        hold, found = Hold(self._engine), self._found

        def unit(tx: Transaction) -> list[SpanRow]:
            hold.take(tx)
            row = revisions.by_number(tx, found.row.chain, found.row.number)
            if row is None or row.id != found.row.id:
                raise PayloadMissing(self._key)
            return cut(spans.of(tx, row.id), found.start, found.end)

        self._spans = await self._engine.catalog.write(unit)
        self._hold = hold
        hold.keep()

    async def read(self) -> bytes:
        if self._chunks is None and not self._closed and self._is_in_hand():
            self._chunks = _ended()
            return self._in_hand()
        return b"".join([chunk async for chunk in self])

    def _is_in_hand(self) -> bool:
        return self._hold is None and all(
            piece.span.bytes is not None for piece in self._found.pieces
        )

    def _in_hand(self) -> bytes:
        """What came with the look-up, which is most of what is ever read: without the tasks
        and generators that the rest needs."""
        try:
            return b"".join([self._verified(piece) for piece in self._found.pieces])
        except Corrupt as error:
            self._failed = error
            raise

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """A failure stays: what comes after it would look like the end."""
        if self._closed:
            raise Closed("The reading is closed.", key=self._key)
        if self._failed is not None:
            raise self._failed
        self._chunks = self._chunks or self._read()
        try:
            return await anext(self._chunks)
        except StopAsyncIteration:
            raise
        except Exception as error:
            self._failed = error
            raise
        except BaseException:
            self._failed = Closed("The reading was cut short.", key=self._key)
            raise

    async def _read(self) -> AsyncGenerator[bytes, None]:
        if self._hold is None:
            for piece in self._found.pieces:
                async for chunk in self._read_piece(piece):
                    yield chunk
        for span in self._spans:
            async for chunk in self._read_piece(await self._locate(span)):
                yield chunk

    async def _locate(self, span: SpanRow) -> Piece:
        piece = await self._engine.catalog.read(partial(locate, span=span))
        if piece is None:
            raise self._corrupt("a payload of it is gone from the catalog")
        return piece

    async def _read_piece(self, piece: Piece) -> AsyncGenerator[bytes, None]:
        span = piece.span
        if span.bytes is not None:
            yield self._verified(piece)
        elif span.token is None:
            raise self._corrupt("its payload is gone from the catalog")
        else:
            async for chunk in self._read_stored(piece):
                yield chunk

    def _verified(self, piece: Piece) -> bytes:
        data = piece.span.bytes or b""
        if crc32c(data) != piece.span.crc32c:
            raise self._corrupt("its bytes in the catalog differ from their checksum")
        some, sealed = data[piece.start : piece.end], piece.span.sealed
        return some if sealed is None else self._opener.plain(sealed, piece.start)(some)

    async def _read_stored(self, piece: Piece) -> AsyncGenerator[bytes, None]:
        try:
            payload = self._payload = self._payload or await self._open(piece)
        except PayloadMissing as error:
            raise self._corrupt("its payload is missing") from error
        position, sealed = piece.start // BLOCK * BLOCK, piece.span.sealed
        plain = None if sealed is None else self._opener.plain(sealed, piece.start)
        async for chunk in payload:
            some = _trim(chunk, position, piece)
            yield some if plain is None else await asyncio.to_thread(plain, some)
            position += len(chunk)
        await self._let_go()
        if position < piece.end:
            raise self._corrupt("its payload is too short")

    async def _let_go(self) -> None:
        payload, self._payload = self._payload, None
        if payload is not None:
            await payload.aclose()

    async def _open(self, piece: Piece) -> PayloadReading:
        """Whole blocks around the piece, so that each can be verified."""
        span = piece.span
        first = piece.start // BLOCK
        end = min(-(-piece.end // BLOCK) * BLOCK, span.size or 0)
        name = store_id(span.payload, span.token or "")
        check = partial(self._check, first, piece.sums)
        return await self._engine.payloads.read(name, first * BLOCK, end, check)

    def _check(self, first: int, sums: bytes, chunk: bytes, offset: int) -> None:
        block = offset // BLOCK - first
        if verify_blocks(chunk, block, sums) is not None:
            raise self._corrupt("its bytes differ from their checksum")

    def _corrupt(self, what: str) -> Corrupt:
        return Corrupt(
            f"{self._key!r} in bucket {self._found.bucket} is damaged: {what}.",
            bucket=self._found.bucket,
            key=self._key,
            revision=self._found.row.number,
        )

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            await self._let_go()
        finally:
            if self._hold is not None:
                await self._hold.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


def _is_stored(piece: Piece) -> bool:
    return piece.span.token is not None


def _trim(chunk: bytes, position: int, piece: Piece) -> bytes:
    """The part of a chunk that was asked for; nearly always all of it."""
    if piece.start <= position and position + len(chunk) <= piece.end:
        return chunk
    return chunk[max(piece.start - position, 0) : piece.end - position]


async def _ended() -> AsyncGenerator[bytes, None]:
    """What is left after everything was read."""
    return
    yield
