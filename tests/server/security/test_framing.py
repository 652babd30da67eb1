"""Bodies that are not what was announced, headers that contradict each other, clients that go."""

from __future__ import annotations

import asyncio
import re
import socket
import time

import pytest

from holdall.engine.sweep import sweep
from holdall.testing.server import Running

from .sockets import Told, ask, authority, connected, exchange, signed, spelled

UNSIGNED = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
LARGE = 300_000
"""Bytes that are streamed, rather than collected first."""


def keys(server: Running) -> bytes:
    return b" ".join(re.findall(rb"<Key>([^<]*)", ask(server, server.alice, "GET", "/box").raw))


def put(server: Running, key: str, **headers: str) -> dict[str, str]:
    return signed(server, server.alice, "PUT", f"/box/{key}", headers={**UNSIGNED, **headers})


# lengths


def test_two_lengths(server: Running):
    """A proxy before us might believe the other one (RFC 9112, 6.3)."""
    headers = [*put(server, "twice", **{"content-length": "3"}).items(), ("content-length", "4")]
    told = exchange(server, spelled("PUT", "/box/twice", headers), b"abcd")
    assert told.status == 400
    assert b"twice" not in keys(server)


def test_a_length_and_a_transfer_coding(server: Running):
    headers = put(server, "both", **{"content-length": "3"}) | {"transfer-encoding": "chunked"}
    told = exchange(server, spelled("PUT", "/box/both", headers), b"3\r\nabc\r\n0\r\n\r\n")
    assert told.status == 400
    assert b"both" not in keys(server)


@pytest.mark.parametrize("length", ["-1", "+3", "3,3", "0x3", "", " ", "3 3", "\u00b2", "9" * 30])
def test_lengths_that_are_none(server: Running, length: str):
    headers = put(server, "odd") | {"content-length": length}
    told = exchange(server, spelled("PUT", "/box/odd", headers), b"abc")
    assert told.status in (400, 403, 411)
    assert b"odd" not in keys(server)


def test_no_length(server: Running):
    """S3 takes no body of unknown length (S3 PutObject, `Content-Length`)."""
    headers = put(server, "unknown") | {"transfer-encoding": "chunked"}
    headers.pop("content-length")
    told = exchange(server, spelled("PUT", "/box/unknown", headers), b"3\r\nabc\r\n0\r\n\r\n")
    assert told.status in (403, 411)  # the signature covers the length
    assert b"unknown" not in keys(server)


@pytest.mark.parametrize("size", [10, LARGE])
def test_a_body_that_is_too_short(server: Running, size: int):
    headers = put(server, "short", **{"content-length": str(size)})
    told = exchange(server, spelled("PUT", "/box/short", headers), b"x" * (size - 1), half=True)
    assert told.status in (0, 400)
    assert_nothing_left(server, b"short")


def test_a_body_that_is_too_long(server: Running):
    """What follows it is another request, and none that could be understood: the server
    hangs up, with or without a word about it."""
    headers = put(server, "long", **{"content-length": "3", "connection": "keep-alive"})
    told = exchange(server, spelled("PUT", "/box/long", headers), b"abcdefgh\r\n\r\n")
    assert re.findall(rb"HTTP/1\.1 (\d+)", told.raw) in ([b"200"], [b"200", b"400"])
    assert ask(server, server.alice, "GET", "/box/long").body == b"abc"
    assert ask(server, server.alice, "DELETE", "/box/long").status == 204


def test_more_chunks_than_were_announced(server: Running):
    streaming = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": "3",
        "content-encoding": "aws-chunked",
    }
    body = b"8\r\nabcdefgh\r\n0\r\n\r\n"
    streaming["content-length"] = str(len(body))
    headers = signed(server, server.alice, "PUT", "/box/chunks", headers=streaming)
    told = exchange(server, spelled("PUT", "/box/chunks", headers), body)
    assert (told.status, told.code) == (400, "IncompleteBody")
    assert_nothing_left(server, b"chunks")


# conditions


def test_conditions_that_contradict_each_other(server: Running):
    """Each must hold, so that none can (RFC 9110, 13.2.2)."""
    assert ask(server, server.alice, "PUT", "/box/there", body=b"a").status == 200
    for key in ("there", "nowhere"):
        headers = {"if-match": '"0cc175b9c0f1b6a831c399e269772661"', "if-none-match": "*"}
        told = ask(server, server.alice, "PUT", f"/box/{key}", headers=headers, body=b"b")
        assert told.status in (400, 404, 412, 501)
    assert ask(server, server.alice, "GET", "/box/there").body == b"a"
    assert keys(server) == b"there"
    assert ask(server, server.alice, "DELETE", "/box/there").status == 204


def test_repeated_headers(server: Running):
    """They count as one list, of which no number can be made."""
    headers = [*put(server, "k").items(), ("x-amz-decoded-content-length", "1")]
    told = exchange(server, spelled("PUT", "/box/k", headers), b"")
    assert told.status == 403
    hosts = [*put(server, "k").items(), ("host", "elsewhere.test")]
    assert exchange(server, spelled("PUT", "/box/k", hosts), b"").status in (400, 403)
    assert keys(server) == b""


# clients that go


@pytest.mark.parametrize("sent", [0, 1, 100_000, LARGE - 1])
def test_a_client_that_vanishes(server: Running, sent: int):
    """Without a word, as on a broken network: the connection is reset."""
    with connected(server) as connection:
        headers = put(server, "gone", **{"content-length": str(LARGE)})
        connection.sendall(spelled("PUT", "/box/gone", headers) + b"x" * sent)
        reset(connection)
    assert_nothing_left(server, b"gone")


def test_a_client_that_vanishes_in_a_part(server: Running):
    begun = ask(server, server.alice, "POST", "/box/parts?uploads")
    found = re.search(rb"<UploadId>(.*)</UploadId>", begun.raw)
    assert found is not None
    upload = found[1].decode()
    query = f"partNumber=1&uploadId={upload}"
    length = {**UNSIGNED, "content-length": str(LARGE)}
    with connected(server) as connection:
        headers = signed(server, server.alice, "PUT", "/box/parts", query, headers=length)
        connection.sendall(spelled("PUT", f"/box/parts?{query}", headers) + b"x" * 200_000)
        reset(connection)
    listed = ask(server, server.alice, "GET", f"/box/parts?uploadId={upload}")
    assert b"<Part>" not in listed.raw
    assert ask(server, server.alice, "DELETE", f"/box/parts?uploadId={upload}").status == 204
    assert_nothing_left(server, b"parts")


def test_a_client_that_stops_reading(server: Running):
    """The answer is for nobody; the store is as before."""
    body = b"x" * 3_000_000
    assert ask(server, server.alice, "PUT", "/box/large", body=body).status == 200
    for _ in range(3):
        with connected(server) as connection:
            headers = signed(server, server.alice, "GET", "/box/large")
            connection.sendall(spelled("GET", "/box/large", headers))
            assert connection.recv(100)
            reset(connection)
    assert ask(server, server.alice, "GET", "/box/large").body == body
    assert ask(server, server.alice, "DELETE", "/box/large").status == 204
    assert_nothing_left(server, b"large")


def reset(connection: socket.socket) -> None:
    linger = (1).to_bytes(4, "little") + bytes(4)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()


def assert_nothing_left(server: Running, key: bytes) -> None:
    """No object, and when the writers are gone and the sweeper was there, no file either."""
    assert key not in keys(server)
    deadline = time.monotonic() + 30
    while (left := payload_rows(server)) and time.monotonic() < deadline:
        work = sweep(server.state.engine)
        asyncio.run_coroutine_threadsafe(work, server.loop).result(60)
    assert left == 0
    assert server.problems() == []


def payload_rows(server: Running) -> int:
    async def count() -> int:
        catalog = server.state.engine.catalog
        (found,) = await catalog.scan(
            lambda reads: reads.one("SELECT count(*) FROM payloads") or (0,)
        )
        return int(found)

    return asyncio.run_coroutine_threadsafe(count(), server.loop).result(60)


# Expect: 100-continue

CONTINUE = b"HTTP/1.1 100 Continue"


def expecting(server: Running, target: str, headers: dict[str, str], method: str = "PUT") -> Told:
    """Announce a body, and send it only when asked to."""
    with connected(server) as connection:
        lines = spelled(method, target, headers | {"expect": "100-continue"})
        connection.sendall(lines)
        found = connection.recv(65536)
        if found.startswith(CONTINUE):
            connection.sendall(b"abc")
        while piece := connection.recv(65536):
            found += piece
        return Told(found)


def test_who_may_is_told_to_continue(server: Running):
    told = expecting(server, "/box/expected", put(server, "expected", **{"content-length": "3"}))
    assert told.raw.startswith(CONTINUE)
    assert ask(server, server.alice, "GET", "/box/expected").body == b"abc"
    assert ask(server, server.alice, "DELETE", "/box/expected").status == 204


LENGTH = {**UNSIGNED, "content-length": "3"}
TARGETS = [
    ("PUT", "/box/expected"),
    ("PUT", "/box/expected?tagging"),
    ("PUT", "/box/expected?acl"),
    ("PUT", "/box?policy"),
    ("PUT", "/box?cors"),
    ("PUT", "/nobox/expected"),
]


@pytest.mark.parametrize(("method", "target"), TARGETS)
def test_strangers_are_not(server: Running, method: str, target: str):
    path, _, query = target.partition("?")
    headers = signed(server, server.bob, method, path, query, headers=LENGTH)
    told = expecting(server, target, headers, method)
    assert told.status in (403, 404)
    assert CONTINUE not in told.raw


@pytest.mark.parametrize(("method", "target"), TARGETS)
def test_nobody_is_not(server: Running, method: str, target: str):
    headers = {"host": authority(server), "content-length": "3", "connection": "close"}
    told = expecting(server, target, headers, method)
    assert told.status in (403, 404)
    assert CONTINUE not in told.raw


def test_forgers_are_not(server: Running):
    headers = put(server, "expected", **{"content-length": "3"})
    forged = headers | {"authorization": headers["authorization"][:-4] + "0000"}
    told = expecting(server, "/box/expected", forged)
    assert (told.status, told.code) == (403, "SignatureDoesNotMatch")
    assert CONTINUE not in told.raw


def test_too_much_is_not_asked_for(server: Running):
    length = {"content-length": str(5 * 1024**3 + 1)}
    told = expecting(server, "/box/expected", put(server, "expected", **length))
    assert (told.status, told.code) == (400, "EntityTooLarge")
    assert CONTINUE not in told.raw
