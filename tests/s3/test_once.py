"""What the client sends once, however its connections break."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest

from holdall.core.errors import HoldallError, OutcomeUnknown, PreconditionFailed, StoreError
from holdall.s3.client import Body, Retries, S3Client, SentPart
from holdall.s3.client.once import Severed, sent_once

ATTEMPTS = 3
ONLY_NEW = {"if-none-match": "*"}
GONE = (
    b"HTTP/1.1 412 Precondition Failed\r\ncontent-length: 50\r\n\r\n"
    b"<Error><Code>PreconditionFailed</Code></Error>    "
)
FINE = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
SICK = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"


class Cutting:
    """A server that takes requests whole and, on kept connections too, cuts instead of answering.

    `GET` and `HEAD` of the bucket alone are answered, so that there are connections to keep.
    """

    def __init__(self) -> None:
        self.arrived = Counter[str]()
        self.connections = 0
        self.answers: list[bytes] = []
        """Given to what would be cut, before the cutting begins."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            host, port = server.sockets[0].getsockname()
            yield f"http://{host}:{port}"
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while answer := await self._answer(reader):
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes | None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        method, target, _ = head.split("\r\n")[0].upper().split(" ")
        length = re.search(r"content-length: (\d+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
        if target == "/KEPT":
            return FINE
        self.arrived[method] += 1
        return self.answers.pop(0) if self.answers else None


@pytest.fixture
async def server() -> AsyncIterator[tuple[Cutting, str]]:
    cutting = Cutting()
    async with cutting.running() as url:
        yield cutting, url


@pytest.fixture
async def client(server: tuple[Cutting, str]) -> AsyncIterator[S3Client]:
    """With a connection that is kept: only on such does aiohttp send again."""
    async with S3Client(server[1], None, retries=Retries(ATTEMPTS, first=0)) as client:
        await client.head_bucket("kept")
        yield client


async def few() -> AsyncIterator[bytes]:
    yield b"few"


PARTS = [SentPart(1, "a")]
Call = Callable[[S3Client], Awaitable[object]]

AGAIN: dict[str, tuple[str, Call]] = {
    "put": ("PUT", lambda s3: s3.put("b", "k", b"bytes")),
    "put of nothing": ("PUT", lambda s3: s3.put("b", "k", b"")),
    "part": ("PUT", lambda s3: s3.put_part("b", "k", "u", 1, b"bytes")),
    "copy": ("PUT", lambda s3: s3.copy("b", "k", "b", "to")),
    "delete": ("DELETE", lambda s3: s3.delete("b", "k")),
    "delete of a version": ("DELETE", lambda s3: s3.delete("b", "k", version="v")),
    "abort": ("DELETE", lambda s3: s3.abort_upload("b", "k", "u")),
    "start": ("POST", lambda s3: s3.create_upload("b", "k")),
    "complete": ("POST", lambda s3: s3.complete_upload("b", "k", "u", PARTS)),
    "delete of many": ("POST", lambda s3: s3.delete_many("b", ["k"])),
}
ONCE: dict[str, tuple[str, Call]] = {
    "only new": ("PUT", lambda s3: s3.put("b", "k", b"bytes", headers=ONLY_NEW)),
    "only new, of nothing": ("PUT", lambda s3: s3.put("b", "k", b"", headers=ONLY_NEW)),
    "only that": ("PUT", lambda s3: s3.put("b", "k", b"", headers={"if-match": '"e"'})),
    "copy": ("PUT", lambda s3: s3.copy("b", "k", "b", "to", headers=ONLY_NEW)),
    "delete": ("DELETE", lambda s3: s3.delete("b", "k", headers={"if-match": '"e"'})),
    "complete": (
        "POST",
        lambda s3: s3.complete_upload("b", "k", "u", PARTS, headers=ONLY_NEW),
    ),
    "stream": ("PUT", lambda s3: s3.put("b", "k", Body.stream(few(), 3))),
}


@pytest.mark.parametrize("name", AGAIN)
async def test_without_a_condition_we_alone_send_again(
    server: tuple[Cutting, str], client: S3Client, name: str
) -> None:
    method, call = AGAIN[name]
    with pytest.raises(OutcomeUnknown):
        await call(client)
    assert server[0].arrived == {method: ATTEMPTS}


@pytest.mark.parametrize("name", ONCE)
async def test_a_condition_is_decided_once(
    server: tuple[Cutting, str], client: S3Client, name: str
) -> None:
    method, call = ONCE[name]
    with pytest.raises(OutcomeUnknown):
        await call(client)
    assert server[0].arrived == {method: 1}


@pytest.mark.parametrize("name", ["only new", "copy", "delete", "complete"])
async def test_a_server_that_failed_may_have_done_it(
    server: tuple[Cutting, str], client: S3Client, name: str
) -> None:
    server[0].answers = [SICK, GONE]
    method, call = ONCE[name]
    with pytest.raises(OutcomeUnknown):
        await call(client)
    assert server[0].arrived == {method: 1}


async def test_an_answer_is_believed(server: tuple[Cutting, str], client: S3Client) -> None:
    server[0].answers = [GONE]
    with pytest.raises(PreconditionFailed):
        await client.put("b", "k", b"", headers=ONLY_NEW)
    assert server[0].arrived == {"PUT": 1}


async def test_reading_changes_nothing(server: tuple[Cutting, str], client: S3Client) -> None:
    with pytest.raises(StoreError) as caught:
        await client.head("b", "k")
    assert not isinstance(caught.value, OutcomeUnknown)
    assert server[0].arrived == {"HEAD": ATTEMPTS}


async def test_a_session_that_was_handed_in_sends_once_too(server: tuple[Cutting, str]) -> None:
    cutting, url = server
    async with aiohttp.ClientSession() as session:
        client = S3Client(url, None, session=session, retries=Retries(ATTEMPTS, first=0))
        await client.head_bucket("kept")
        with pytest.raises(HoldallError):
            await client.delete("b", "k", headers={"if-match": '"e"'})
    assert cutting.arrived == {"DELETE": 1}


@pytest.mark.parametrize(("guarded", "times"), [(False, 2), (True, 1)])
async def test_what_is_guarded_against_is_there(
    server: tuple[Cutting, str], guarded: bool, times: int
) -> None:
    """The day this fails without the middleware, it can go."""
    cutting, url = server
    middlewares = (sent_once,) if guarded else ()
    async with aiohttp.ClientSession(middlewares=middlewares) as session:
        async with session.head(f"{url}/kept"):
            pass
        with pytest.raises(Severed if guarded else aiohttp.ServerDisconnectedError):
            await session.put(f"{url}/k", data=b"bytes")
    assert cutting.arrived == {"PUT": times}


async def test_a_server_that_is_not_there_was_told_nothing() -> None:
    async with aiohttp.ClientSession(middlewares=(sent_once,)) as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.put("http://127.0.0.1:1/k")


@pytest.mark.parametrize("name", ["put of nothing", "delete", "copy", "start", "abort"])
async def test_nothing_is_no_body(name: str) -> None:
    """aiohttp writes a body in a task; for an empty one it would fail unheard where the kept
    connection had just broken."""
    bodies: list[object] = []

    class Broken:
        async def request(self, method: str, url: object, *, data: object, **how: object) -> None:
            bodies.append(data)
            raise Severed("injected")

    client = S3Client("http://127.0.0.1:1", None, session=Broken(), retries=Retries(1))  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknown):
        await AGAIN[name][1](client)
    assert bodies == [None]
