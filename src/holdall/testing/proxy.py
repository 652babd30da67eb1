"""A loopback proxy between an HTTP client and a server, which does to a request what it is told.

It cuts the connection at any place of the request or of its answer, holds the request back,
answers in the server's stead, damages what the server answers, or says nothing at all.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from holdall.testing.loopback import HOST

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_END: Final = b"\r\n\r\n"
_PIECE: Final = 256 * 1024
_MOST_HEAD: Final = 128 * 1024


class Where(Enum):
    """A place in one exchange, in the order in which its bytes pass."""

    REQUEST_HEAD = "in the request's headers"
    REQUEST_FIRST = "in the first chunk of its body"
    REQUEST_MIDDLE = "in the middle of its body"
    REQUEST_LAST = "in the last chunk of its body"
    REPLY = "before the reply"
    REPLY_HEAD = "in the reply's headers"
    REPLY_FIRST = "in the first chunk of the reply"
    REPLY_MIDDLE = "in the middle of the reply"
    REPLY_LAST = "in the last chunk of the reply"

    @property
    def is_in_request(self) -> bool:
        return self.name.startswith("REQUEST")

    @property
    def is_in_head(self) -> bool:
        return self.name.endswith("HEAD")

    def of(self, size: int) -> int:
        """How many of so many bytes pass before this place."""
        if self.name.endswith("FIRST"):
            return min(1000, size // 4)
        return max(0, size - 1) if self.name.endswith("LAST") else size // 2


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection to the client ends here. What passed before is with its receiver."""

    where: Where


@dataclass(frozen=True, slots=True)
class Answer:
    """This is answered when the request has come whole; if it is `done`, the server did it."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    done: bool = False

    @property
    def wire(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Injected", f"content-length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join(lines).encode() + _END + self.body


@dataclass(frozen=True, slots=True)
class Silence:
    """The request is taken, by the server too if it is `done`, and never answered."""

    done: bool = False


@dataclass(frozen=True, slots=True)
class Damage:
    """One bit of the reply's body is another one."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The request goes on when `until` is set."""

    until: asyncio.Event


Fault = Cut | Answer | Silence | Damage | Hold


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as its first line says it. `number` counts all that came, from 0 on."""

    number: int
    method: str
    target: str

    @property
    def names(self) -> frozenset[str]:
        """The names in its query, by which S3 tells operations apart."""
        query = urlsplit(self.target).query
        return frozenset(pair.partition("=")[0] for pair in query.split("&") if pair)


Choice = Callable[[Asked], Fault | None]
"""What shall happen to a request; None: nothing."""


def at(number: int, fault: Fault) -> Choice:
    """The fault meets the request of this number only."""
    return lambda asked: fault if asked.number == number else None


def nothing(_: Asked) -> None:
    """Everything passes."""


class _Gone(Exception):
    """The exchange is over, and so is the connection."""


class Proxy:
    """Listens while it is entered. `choose` may be set anew at any time; `asked` is what came
    since then, and `met` what met a fault."""

    def __init__(self, endpoint_url: str) -> None:
        url = urlsplit(endpoint_url)
        self._server = (url.hostname or HOST, url.port or 80)
        self._port = 0
        self._tasks = set[asyncio.Task[None]]()
        self._choose: Choice = nothing
        self.asked: list[Asked] = []
        self.met: list[Asked] = []

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self._port}"

    def choose(self, choice: Choice) -> None:
        """From now on, counting requests from 0 again."""
        self._choose = choice
        self.asked, self.met = [], []

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(self._accept, HOST, 0, limit=_MOST_HEAD)
        self._port = self._listening.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listening.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of ours: those that asyncio makes of a coroutine complain when cancelled.
        task = asyncio.create_task(self._serve(_Line(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, client: _Line) -> None:
        async with AsyncExitStack() as stack:
            stack.callback(client.cut)
            server = _Line(*await asyncio.open_connection(*self._server, limit=_MOST_HEAD))
            stack.callback(server.cut)
            with suppress(_Gone, ConnectionError, asyncio.IncompleteReadError):
                while True:
                    await self._exchange(client, server)

    async def _exchange(self, client: _Line, server: _Line) -> None:
        head = await client.head()
        asked = self._note(head)
        fault = self._choose(asked)
        if fault is not None:
            self.met.append(asked)
        await _exchanged(client, server, asked, head, fault)

    def _note(self, head: bytes) -> Asked:
        method, target, _ = head.partition(b"\r\n")[0].decode().split(" ")
        asked = Asked(len(self.asked), method, target)
        self.asked.append(asked)
        return asked


async def _exchanged(
    client: _Line, server: _Line, asked: Asked, head: bytes, fault: Fault | None
) -> None:
    match fault:
        case Answer(done=False) | Silence(done=False):
            await client.pass_body(head, None)
        case Cut(where) if where.is_in_request:
            await client.pass_all(head, server, where)
        case Hold(until):
            await until.wait()
            await client.pass_all(head, server)
        case _:
            await client.pass_all(head, server)
    await _answered(client, server, asked, fault)


async def _answered(client: _Line, server: _Line, asked: Asked, fault: Fault | None) -> None:
    bare = asked.method == "HEAD"
    match fault:
        case Answer(done=done):
            if done:
                await server.pass_reply(None, bare)
            await client.send(fault.wire if not bare else fault.wire.partition(_END)[0] + _END)
        case Silence(done=done):
            if done:
                await server.pass_reply(None, bare)
            await client.wait_for_end()
        case Cut(where):
            await server.pass_reply(client, bare, where)
        case Damage():
            await server.pass_reply(client.damaging(), bare)
        case _:
            await server.pass_reply(client, bare)


class _Line:
    """One side's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        writer.transport.set_write_buffer_limits(0)  # what was sent is on its way

    async def head(self) -> bytes:
        return await self._reader.readuntil(_END)

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def wait_for_end(self) -> None:
        """Until the other side closes."""
        while await self._reader.read(_PIECE):
            pass
        raise _Gone

    def cut(self) -> None:
        self._writer.transport.abort()

    def damaging(self) -> _Damaging:
        return _Damaging(self._reader, self._writer)

    async def pass_all(self, head: bytes, to: _Line, where: Where | None = None) -> None:
        """A message on, up to the place where it is cut."""
        if where is not None and where.is_in_head:
            await to.send(head[: where.of(len(head))])
            raise _Gone
        await to.send(head)
        await self.pass_body(head, to, where)

    async def pass_body(self, head: bytes, to: _Line | None, where: Where | None = None) -> None:
        """The body that follows a head on, or nowhere."""
        if _CHUNKED.search(head):
            await self._pass_chunks(to, where)
            return
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        await self._pass_bytes(size if where is None else where.of(size), to)
        if where is not None:
            raise _Gone

    async def pass_reply(self, to: _Line | None, bare: bool, where: Where | None = None) -> None:
        """The answer on. `bare`: to a HEAD, so that no body follows."""
        head = await self.head()
        if where is Where.REPLY:
            raise _Gone
        if bare or head.split(b" ", 2)[1] in (b"204", b"304"):
            head_only = where.of(len(head)) if where is not None else len(head)
            if to is not None:
                await to.send(head[:head_only])
            if where is not None:
                raise _Gone
        elif to is not None:
            await self.pass_all(head, to, where)
        else:
            await self.pass_body(head, None)

    async def _pass_bytes(self, size: int, to: _Line | None) -> None:
        while size:
            piece = await self._reader.read(min(size, _PIECE))
            if not piece:
                raise _Gone
            size -= len(piece)
            if to is not None:
                await to.send(piece)

    async def _pass_chunks(self, to: _Line | None, where: Where | None) -> None:
        """Chunks of unknown number (RFC 9112, 7.1); a cut comes within the first that there is."""
        while True:
            line = await self._reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            if to is not None:
                await to.send(line)
            await self._pass_bytes(size + 2 if where is None else where.of(size), to)
            if where is not None:
                raise _Gone
            if not size:
                return


class _Damaging(_Line):
    """Sends one message: its head as it is, the body with one bit of its first byte turned."""

    _sent = 0

    async def send(self, data: bytes) -> None:
        if self._sent == 1:
            data = bytes([data[0] ^ 1]) + data[1:]
        self._sent += 1
        await super().send(data)
