"""One keep-alive connection that costs as little as can be: what is measured is the server."""

from __future__ import annotations

import asyncio
import re
from typing import Final, NamedTuple, cast

from httptools import HttpResponseParser

from benchmarks.server.jobs import Address
from benchmarks.server.requests import Request

ROOM: Final = 1024 * 1024
"""Bytes that are taken from the socket at once."""

_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_LAST: Final = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


class Answer(NamedTuple):
    """`received` is the length of the body, which is empty here unless it was to be kept."""

    status: int
    head: bytes
    body: bytes
    received: int


class Refused(Exception):
    """An answer that is no success, or none at all."""


class Connection:
    """Asks one thing at a time, and connects anew where the server hung up."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._wire: _Wire | None = None

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        _, self._wire = await loop.create_connection(_Wire, self._address.host, self._address.port)

    async def ask(self, request: Request) -> Answer:
        """`Refused`."""
        if self._wire is None or not self._wire.is_open:
            await self.connect()
        assert self._wire is not None
        answer = await self._wire.ask(request)
        if not 200 <= answer.status < 300:
            line = request.head.partition(b"\r\n")[0].decode()
            raise Refused(f"{line}: {answer.status} {answer.body[:500]!r}")
        return answer

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()


class _Wire(asyncio.BufferedProtocol):
    """Reads answers into one buffer; a body that is not kept is counted where it lies."""

    def __init__(self) -> None:
        self.is_open = False
        self._room = memoryview(bytearray(ROOM))
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._begin(Request("", b""))

    async def ask(self, request: Request) -> Answer:
        assert self._transport is not None
        self._begin(request)
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request.head)
        if request.body:
            self._transport.write(request.body)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _begin(self, request: Request) -> None:
        self._request = request
        self._head = bytearray()
        self._body = bytearray()
        self._is_in_body = False
        self._received = 0
        self._length: int | None = None  # None: it ends with the connection or a last chunk
        self._chunks: HttpResponseParser | None = None

    # the protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of it, only alike.
        self._transport, self.is_open = cast(asyncio.Transport, transport), True

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        data = self._room[:nbytes]
        if self._is_in_body:
            self._take(data)
        else:
            self._take_head(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._answer is None or self._answer.done():
            return
        if self._is_in_body and self._length is None and self._chunks is None:
            self._finish()
        else:
            self._answer.set_exception(Refused(f"the server hung up: {exc}"))

    # an answer

    def _take_head(self, data: memoryview) -> None:
        self._head += data
        end = self._head.find(_END)
        if end < 0:
            return
        whole, self._head = self._head, self._head[:end]
        self._is_in_body = True
        if _CHUNKED.search(self._head):
            self._chunks = HttpResponseParser(self)
            self._chunks.feed_data(whole)
            return
        self._length = self._announced()
        self._take(memoryview(whole)[end + len(_END) :])

    def _announced(self) -> int | None:
        if self._request.method == "HEAD":
            return 0
        found = _LENGTH.search(self._head)
        return int(found[1]) if found else None

    def _take(self, data: memoryview) -> None:
        if self._chunks is not None:
            self._chunks.feed_data(data)
            return
        self.on_body(data)
        if self._received == self._length:
            self._finish()

    def on_body(self, data: bytes | memoryview) -> None:
        self._received += len(data)
        if self._request.keep:
            self._body += data

    def on_message_complete(self) -> None:
        self._finish()

    def _finish(self) -> None:
        assert self._answer is not None
        if _LAST.search(self._head) or self._head.startswith(b"HTTP/1.0"):
            self.is_open = False
            self.close()
        status = int(self._head[9:12])
        self._answer.set_result(
            Answer(status, bytes(self._head), bytes(self._body), self._received)
        )
