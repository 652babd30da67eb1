"""The patience of the HTTP protocol, and what it answers when that ends."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

import pytest
from uvicorn import Config, Server

from holdall.server.protocol import HttpProtocol, Limits

SHORT = Limits(
    header_bytes=4096,
    header_seconds=0.4,
    body_rate=1000,
    body_seconds=0.4,
    stall_seconds=0.6,
    linger_seconds=0.5,
    tick=0.05,
)
BIG = 64 * 1024 * 1024


class Hasty(HttpProtocol):
    limits: ClassVar[Limits] = SHORT


class App:
    """Answers by path; remembers what came and what went wrong."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[list[tuple[bytes, bytes]]] = []
        self.vanished = threading.Event()
        self.head_seen = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        if path == "/early":
            await self._send(send, b"no", 403)
            return
        if path == "/big":
            await self._send_big(send)
            return
        if path in ("/later", "/endless"):
            await self._send_later(send, is_endless=path == "/endless")
            return
        body = await self._read(receive)
        if body is None:
            self.vanished.set()
            return
        self.bodies.append(body)
        self.headers.append(list(scope["headers"]))
        await self._send(send, b"took %d" % len(body), 200)

    async def _read(self, receive: Any) -> bytes | None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message["body"]
            more = message["more_body"]
        return body

    async def _send(self, send: Any, body: bytes, status: int) -> None:
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _send_later(self, send: Any, *, is_endless: bool) -> None:
        """The body only when the client has seen the head."""
        headers = [] if is_endless else [(b"content-length", b"5")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await asyncio.to_thread(self.head_seen.wait, 10)
        if self.head_seen.is_set():
            await send({"type": "http.response.body", "body": b"later"})

    async def _send_big(self, send: Any) -> None:
        headers = [(b"content-length", str(BIG).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(BIG // 65536):
            await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class Running:
    def __init__(self, app: App, server: Server, port: int) -> None:
        self.app = app
        self.server = server
        self.port = port

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def ask(self, *pieces: bytes) -> bytes:
        """What comes back until the server hangs up."""
        with self.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            return rest(connection)


def rest(connection: socket.socket) -> bytes:
    found = b""
    while piece := connection.recv(65536):
        found += piece
    return found


@contextmanager
def running(
    protocol: type[HttpProtocol], loop: Literal["uvloop", "asyncio"] = "uvloop"
) -> Iterator[Running]:
    app = App()
    listener = socket.create_server(("127.0.0.1", 0))
    config = Config(
        app, http=protocol, lifespan="off", log_config=None, loop=loop, timeout_keep_alive=2
    )
    server = Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        yield Running(app, server, listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def hasty() -> Iterator[Running]:
    with running(Hasty) as found:
        yield found


def test_a_request_is_answered_and_the_connection_kept(hasty: Running) -> None:
    with hasty.connect() as connection:
        for _ in range(3):
            connection.sendall(b"PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc")
            assert connection.recv(65536).endswith(b"took 3")
    assert hasty.app.bodies == [b"abc"] * 3


def test_head_and_body_come_together(hasty: Running) -> None:
    with hasty.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(65536).endswith(b"\r\n\r\ntook 0")


def test_a_head_does_not_wait_for_a_body_that_is_yet_to_be_made(hasty: Running) -> None:
    with hasty.connect() as connection:
        connection.sendall(b"GET /later HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert connection.recv(65536).endswith(b"\r\n\r\n")
        hasty.app.head_seen.set()
        assert rest(connection) == b"later"


def test_headers_that_never_end_are_not_waited_for(hasty: Running) -> None:
    began = time.monotonic()
    answer = hasty.ask(b"GET /x HTTP/1.1\r\nHost: h\r\n")
    assert b" 400 " in answer.splitlines()[0]
    assert b"<Code>RequestTimeout</Code>" in answer
    assert time.monotonic() - began < 5


def test_dripping_headers_gain_no_time(hasty: Running) -> None:
    with hasty.connect() as connection:
        connection.settimeout(0.05)
        deadline = time.monotonic() + 8
        answer = b""
        while not answer and time.monotonic() < deadline:
            connection.send(b"\r\n")  # empty lines before a request are allowed
            try:
                answer = connection.recv(65536)
            except TimeoutError:
                continue
    assert b"RequestTimeout" in answer


def test_a_silent_connection_is_ended(hasty: Running) -> None:
    assert b"RequestTimeout" in hasty.ask()


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"GET /x HTTP/1.1\r\nHost: h\r\nA: " + b"a" * 5000], id="one endless"),
        pytest.param(
            [b"GET /x HTTP/1.1\r\nHost: h\r\nA: " + b"a" * 5000 + b"\r\n\r\n"], id="in one piece"
        ),
        pytest.param([b"GET /x HTTP/1.1\r\n", *(b"A: b\r\n" for _ in range(2000))], id="many"),
        pytest.param([b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: h\r\n\r\n"], id="an address"),
        pytest.param(
            [
                b"GET /x HTTP/1.1\r\nHost: h\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\nA: "
                + b"a" * 5000
                + b"\r\n\r\n"
            ],
            id="of the second request",
        ),
    ],
)
def test_headers_that_are_too_large_are_refused(hasty: Running, pieces: list[bytes]) -> None:
    with hasty.connect() as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = rest(connection)
    refused = b"<Code>RequestHeaderSectionTooLarge</Code>" in answer
    first_only = answer.count(b"HTTP/1.1 200") == 1 and answer.count(b"HTTP/1.1") == 1
    assert refused or first_only
    assert len(hasty.app.headers) <= 1


def test_a_body_below_the_floor_is_not_waited_for(hasty: Running) -> None:
    answer = hasty.ask(b"PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nabc")
    assert b"<Code>RequestTimeout</Code>" in answer
    assert hasty.app.vanished.wait(5)
    assert hasty.app.bodies == []


def test_a_body_above_the_floor_is_waited_for(hasty: Running) -> None:
    size = 40 * 200
    with hasty.connect() as connection:
        connection.sendall(b"PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(40):  # longer than any deadline, at 10,000 bytes a second
            connection.sendall(b"x" * 200)
            time.sleep(0.02)
        assert connection.recv(65536).endswith(b"took %d" % size)


def test_nothing_is_demanded_before_100_continue(hasty: Running) -> None:
    """The app asks for the body at once here, so that the answer is what is waited for."""
    with hasty.connect() as connection:
        connection.sendall(
            b"PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert connection.recv(65536).endswith(b"took 3")


def test_a_refusal_before_100_continue_ends_the_connection(hasty: Running) -> None:
    """What comes next would else be taken for the body, if the client sends none."""
    answer = hasty.ask(
        b"PUT /early HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\nExpect: 100-continue\r\n\r\n"
    )
    assert b"403" in answer.splitlines()[0]
    assert b"connection: close" in answer
    assert b"100 Continue" not in answer


def test_an_early_answer_reaches_who_is_still_sending(hasty: Running) -> None:
    size = 4 * 1024 * 1024
    with hasty.connect() as connection:
        connection.sendall(b"PUT /early HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size)
        connection.sendall(bytes(size))
        answer = rest(connection)
    assert b"403" in answer.splitlines()[0]
    assert answer.endswith(b"no")


def test_a_body_that_nobody_wants_is_not_read_for_ever(hasty: Running) -> None:
    answer = hasty.ask(b"PUT /early HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\nabc")
    assert answer.endswith(b"no")


def test_a_reader_that_takes_nothing_is_let_go(hasty: Running) -> None:
    with hasty.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.recv(1024)
        deadline = time.monotonic() + 10
        while hasty.connections and time.monotonic() < deadline:
            time.sleep(0.05)
        assert hasty.connections == 0


def test_a_slow_reader_is_not(hasty: Running) -> None:
    with hasty.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall(b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        until = time.monotonic() + 4 * SHORT.stall_seconds
        while time.monotonic() < until:
            assert connection.recv(16384)
            time.sleep(0.02)
        got = 0
        while got < BIG - 20_000_000:
            piece = connection.recv(1 << 20)
            assert piece
            got += len(piece)


def test_trailers_do_not_become_headers(hasty: Running) -> None:
    answer = hasty.ask(
        b"PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"3\r\nabc\r\n0\r\nX-Admin: yes\r\n\r\n"
    )
    assert answer.endswith(b"took 3")
    assert b"x-admin" not in dict(hasty.app.headers[0])


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"BREW / HTTP/1.1\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost : h\r\n\r\n",
    ],
)
def test_what_is_no_http_is_told_so(hasty: Running, request_bytes: bytes) -> None:
    answer = hasty.ask(request_bytes)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"<Code>BadRequest</Code>" in answer
    assert hasty.app.bodies == []


def test_many_that_do_nothing_leave_room(hasty: Running) -> None:
    """Slow-loris: two hundred connections that drip, and one that works."""
    idle = [hasty.connect() for _ in range(200)]
    try:
        for connection in idle:
            connection.sendall(b"GET /x HTTP/1.1\r\nX: ")
        answer = hasty.ask(b"GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert answer.endswith(b"took 0")
        deadline = time.monotonic() + 10
        while hasty.connections and time.monotonic() < deadline:
            time.sleep(0.05)
        assert hasty.connections == 0
    finally:
        for connection in idle:
            connection.close()


def test_the_watch_ends_with_the_connection(hasty: Running) -> None:
    with hasty.connect() as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.recv(65536)
        [protocol] = hasty.server.server_state.connections
        assert isinstance(protocol, HttpProtocol)
        assert protocol._watch is not None
    deadline = time.monotonic() + 5
    while hasty.connections and time.monotonic() < deadline:
        time.sleep(0.01)
    assert protocol._watch is None


@pytest.fixture(params=["uvloop", "asyncio"])
def either(request: pytest.FixtureRequest) -> Iterator[Running]:
    with running(Hasty, request.param) as found:
        yield found


REQUEST = b"PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"


def ask_and_shut(found: Running, *requests: bytes) -> bytes:
    """What comes back to a client that sends all at once, and no more."""
    with found.connect() as connection:
        connection.sendall(b"".join(requests))
        connection.shutdown(socket.SHUT_WR)
        return rest(connection)


def test_who_sends_no_more_is_answered(either: Running) -> None:
    answer = ask_and_shut(either, REQUEST)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"took 3")


def test_who_sends_no_more_is_answered_all_that_was_asked(either: Running) -> None:
    answer = ask_and_shut(either, REQUEST, REQUEST, b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
    assert [answer.count(b"took 3"), answer.count(b"took 0")] == [2, 1]
    assert answer.index(b"took 3") < answer.index(b"took 0")


def test_who_sends_no_more_gets_all_of_a_long_answer(either: Running) -> None:
    with either.connect() as connection:
        connection.sendall(b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        got = 0
        while piece := connection.recv(1 << 20):
            got += len(piece)
    assert got > BIG


def test_an_answer_that_has_begun_goes_on(either: Running) -> None:
    with either.connect() as connection:
        connection.sendall(b"GET /later HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(65536).endswith(b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        # When another one has been answered, the server has seen the end of this one.
        either.ask(b"GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        either.app.head_seen.set()
        assert rest(connection) == b"later"


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET /x HTT", b"GET /x HTTP/1.1\r\nHost: h\r\n", REQUEST[:-1]],
    ids=["nothing", "a line", "headers", "a body"],
)
def test_half_a_request_is_not_waited_for(either: Running, begun: bytes) -> None:
    began = time.monotonic()
    assert ask_and_shut(either, begun) == b""
    assert time.monotonic() - began < SHORT.header_seconds
    assert either.app.bodies == []


def test_an_answer_without_an_end_is_not_given_to_nobody_for_ever(either: Running) -> None:
    with either.connect() as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(65536).endswith(b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + 10
        while either.connections and time.monotonic() < deadline:
            time.sleep(0.02)
        assert either.connections == 0
    either.app.head_seen.set()
