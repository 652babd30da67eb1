"""HTTP/1.1 with patience that ends: deadlines for headers, and floors for bodies both ways.

Uvicorn's protocol waits for ever for a client that sends a byte a minute, and holds any
headers. This one looks at its connection every few seconds and ends what does not move.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import sys
import termios
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar, Final, cast

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from holdall.s3.errors import S3Error
from holdall.server.request import new_id
from holdall.server.response import failure

STOPPING: Final = "stopping"
"""The entry of the lifespan's state that holds an `asyncio.Event`: the server is going."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, and for how much, a connection is waited for. Times in seconds."""

    header_bytes: int = 64 * 1024
    """Of the request line and the headers; S3 takes 8 KiB of headers."""
    header_seconds: float = 30
    body_rate: int = 256
    """Bytes a second that a body must bring, on the average of `body_seconds`."""
    body_seconds: float = 30
    stall_seconds: float = 300
    """For which a reader may take nothing at all of an answer, and for which one who sends no
    more is given one of unknown length, such as a stream of events."""
    linger_seconds: float = 10
    """For which a body that nobody wants is read on, so that its sender sees the answer."""
    tick: float = 5
    """Between two looks."""


class HttpProtocol(HttpToolsProtocol):
    """One connection. Tests make subclasses with other `limits`."""

    limits: ClassVar[Limits] = Limits()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._watch: asyncio.TimerHandle | None = None
        self._waiting_since: float | None = None  # for a request's headers
        self._fed = 0  # bytes since the last request was complete
        self._in_headers = True
        self._in_body = False
        self._is_deaf = False
        self._lingers = False
        self._measured_since = 0.0
        self._measured = 0  # bytes of the body since then
        self._pending = 0  # bytes that the client had still to take at the last look
        self._stalled = 0.0
        self._half_closed_since: float | None = None

    # the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting_since = self.loop.time()
        self._watch = self.loop.call_later(self.limits.tick, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_watch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_deaf:
            return
        if self._waiting_since is None and not self._in_body:
            self._waiting_since = self.loop.time()
        self._fed += len(data)
        super().data_received(data)
        if self._in_headers and self._fed > self.limits.header_bytes:
            self.refuse(S3Error("RequestHeaderSectionTooLarge"))

    def eof_received(self) -> bool:  # type: ignore[override]
        """Who sends no more may still read (RFC 9112, 9.6): what was asked whole is answered.
        Half a request is not, and TLS has no such thing."""
        if not self._is_answering() or not self.transport.can_write_eof():
            return False
        self.cycle.keep_alive = False
        self._half_closed_since = self.loop.time()
        return True

    def _is_answering(self) -> bool:
        cycle = self.cycle
        return cycle is not None and not cycle.response_complete and not self._in_body

    def handle_websocket_upgrade(self) -> None:
        """Another protocol takes over, which has pings of its own."""
        self._end_watch()
        super().handle_websocket_upgrade()

    def shutdown(self) -> None:
        stopping = self.app_state.get(STOPPING)
        if stopping is not None:
            stopping.set()
        super().shutdown()

    # what the parser finds

    def on_message_begin(self) -> None:
        self._in_headers = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(map(len, chain.from_iterable(self.headers)))
        if size > self.limits.header_bytes:
            self._fed += size
            return  # to `data_received`, which refuses it
        self._in_headers, self._in_body = False, True
        self._waiting_since = None
        self._measure_anew()
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:  # no other protocol takes over, which would ask for them
            self.headers = _Nowhere()

    def on_body(self, body: bytes) -> None:
        self._measured += len(body)
        if not self._in_headers:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        if self._in_headers:  # they were too large
            return
        self._fed = 0
        super().on_message_complete()
        if self._lingers:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        self.refuse(S3Error("BadRequest", "An error occurred when parsing the HTTP request."))

    # what does not move

    def _end_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _look(self) -> None:
        self._watch = self.loop.call_later(self.limits.tick, self._look)
        now = self.loop.time()
        if self._is_stalled() or self._is_endless(now):
            self.transport.abort()
        elif not self._is_deaf and not self._lingers and self._is_overdue(now):
            self.refuse(S3Error("RequestTimeout"))

    def _is_overdue(self, now: float) -> bool:
        if self._waiting_since is not None:
            return now - self._waiting_since >= self.limits.header_seconds
        return self._in_body and self._is_too_slow(now)

    def _is_too_slow(self, now: float) -> bool:
        """Whether the client is at fault: not while we do not read, or have not asked for it."""
        if self.flow.read_paused or self.cycle.waiting_for_100_continue:
            self._measure_anew()
            return False
        passed = now - self._measured_since
        if passed < self.limits.body_seconds:
            return False
        too_slow = self._measured < passed * self.limits.body_rate
        self._measure_anew()
        return too_slow

    def _measure_anew(self) -> None:
        self._measured_since, self._measured = self.loop.time(), 0

    def _is_stalled(self) -> bool:
        pending = self.transport.get_write_buffer_size()
        if pending:
            pending += _unsent(self.transport.get_extra_info("socket"))
        moved = pending != self._pending or not pending
        self._pending = pending
        self._stalled = 0.0 if moved else self._stalled + self.limits.tick
        return self._stalled >= self.limits.stall_seconds

    def _is_endless(self, now: float) -> bool:
        """Whether an answer of unknown length still goes to a client that may be gone: that it
        closed only half of the connection nobody can know before something is sent."""
        if self._half_closed_since is None or not self.cycle.chunked_encoding:
            return False
        return now - self._half_closed_since >= self.limits.stall_seconds

    # ends

    def refuse(self, error: S3Error) -> None:
        """Answer with an error that no application has a say in, and hang up."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not self._in_body:  # an earlier request is being answered: let it be
                cycle.keep_alive = False
                self._is_deaf = True
                return
            if cycle.response_started:
                self.transport.abort()
                return
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.write(_answer(error))
        self._hang_up()

    def _hang_up(self) -> None:
        """Close so that the answer arrives: unread bytes would make the kernel reset at once."""
        self._is_deaf = True
        self.flow.resume_reading()
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.loop.call_later(self.limits.linger_seconds, self.transport.close)

    def linger(self) -> None:
        """Close when the rest of the body has come, or will not."""
        self._lingers = True
        self.flow.resume_reading()
        if not self._in_body:
            self.transport.close()
        else:
            self.loop.call_later(self.limits.linger_seconds, self.transport.close)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        async def attentive(scope: Any, receive: Any, send: Callable[[Any], Any]) -> None:
            def sending(message: MutableMapping[str, Any]) -> Any:
                if message["type"] == "http.response.start":
                    self._prepare_answer(cycle)
                return send(message)

            await app(scope, receive, sending)

        super()._start_asgi_task(cycle, attentive)

    def _prepare_answer(self, cycle: RequestResponseCycle) -> None:
        if cycle.more_body:
            self._part_after(cycle)
        elif cycle.scope["method"] != "HEAD":
            cycle.transport = cast(asyncio.Transport, _Joining(self))

    def _part_after(self, cycle: RequestResponseCycle) -> None:
        """An answer before the end of the body: what follows cannot be told from the body,
        when the client does not send it after all (RFC 9110, 10.1.1)."""
        cycle.keep_alive = False
        if not cycle.waiting_for_100_continue:
            cycle.transport = cast(asyncio.Transport, _Lingering(self))


class _Nowhere(list[tuple[bytes, bytes]]):
    """Where trailers are put, which would be taken for headers otherwise."""

    def append(self, trailer: tuple[bytes, bytes]) -> None:
        """Nobody asks for it, and there may be any number."""


class _Lingering:
    """The transport of a connection, as far as an answer uses it; it is not closed at once."""

    def __init__(self, protocol: HttpProtocol) -> None:
        self.write = protocol.transport.write
        self.is_closing = protocol.transport.is_closing
        self.close = protocol.linger


class _Joining:
    """The transport of a connection that sends the head of an answer with what follows it:
    one system call, which is a tenth of what a small object costs."""

    def __init__(self, protocol: HttpProtocol) -> None:
        self.is_closing = protocol.transport.is_closing
        self._transport = protocol.transport
        self._loop = protocol.loop
        self._head: bytes | None = None
        self._has_begun = False

    def write(self, data: bytes) -> None:
        if self._has_begun:
            self._transport.write(data)
        elif self._head is None:
            self._head = data
            self._loop.call_soon(self._flush)  # for an answer whose body is yet to be made
        else:
            self._has_begun = True
            self._transport.writelines((self._head, data) if data else (self._head,))

    def _flush(self) -> None:
        if not self._has_begun and self._head is not None:
            self._has_begun = True
            self._transport.write(self._head)

    def close(self) -> None:
        self._flush()
        self._transport.close()


def _unsent(connection: socket.socket) -> int:
    """Bytes that the kernel holds for the client; 0 where it does not tell."""
    try:
        found = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4))
    except OSError:
        return 0
    return int.from_bytes(found, sys.byteorder)


def _answer(error: S3Error) -> bytes:
    request_id = new_id()
    response = failure(error, resource="", request_id=request_id, host_id="holdall")
    body = cast(bytes, response.body)
    headers = [
        *response.headers,
        ("x-amz-request-id", request_id),
        ("content-length", str(len(body))),
        ("connection", "close"),
    ]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return STATUS_LINE[error.status] + lines.encode("latin-1") + b"\r\n" + body
