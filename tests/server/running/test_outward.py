"""Where connections to addresses of users may go."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import pytest

from holdall.server import outward
from holdall.server.outward import may_connect

PUBLIC = ["1.1.1.1", "52.216.0.1", "2606:4700::1111", "64:ff9b::1.1.1.1", "2002:0101:0101::1"]
PRIVATE = [
    *("10.0.0.1", "172.16.5.4", "192.168.1.1", "100.64.0.1", "127.0.0.1", "127.8.8.8"),
    *("::1", "fc00::1", "fd00:ec2::254", "::ffff:10.0.0.1", "::ffff:127.0.0.1"),
    *("64:ff9b::10.0.0.1", "2002:0a00:0001::1", "192.0.2.1", "240.0.0.1"),
]
NEVER = [
    *("169.254.169.254", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "0.0.0.0", "::"),
    *("224.0.0.1", "ff02::1", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1", "nonsense", ""),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_what_everybody_reaches(address: str) -> None:
    assert may_connect(address, private=False)
    assert may_connect(address, private=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_private(address: str) -> None:
    assert not may_connect(address, private=False)
    assert may_connect(address, private=True)


@pytest.mark.parametrize("address", NEVER)
def test_what_is_nowhere_to_go(address: str) -> None:
    assert not may_connect(address, private=False)
    assert not may_connect(address, private=True)


class Listener:
    """Counts who connects."""

    connected = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def listener() -> AsyncIterator[tuple[Listener, int]]:
    found = Listener()
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield found, port


SPELLINGS = ["127.0.0.1", "localhost", "0x7f000001", "[::ffff:127.0.0.1]"]
ODD = ["127.1", "2130706433"]
"""Which aiohttp refuses wherever they lead."""


@pytest.mark.parametrize("host", [*SPELLINGS, *ODD])
async def test_a_spelling_gets_nobody_inside(listener: tuple[Listener, int], host: str) -> None:
    found, port = listener
    async with outward.session(private=False) as session:
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"http://{host}:{port}/")
    assert found.connected == 0


@pytest.mark.parametrize("host", SPELLINGS)
async def test_an_operator_may_let_them_in(listener: tuple[Listener, int], host: str) -> None:
    found, port = listener
    async with (
        outward.session(private=True) as session,
        session.get(f"http://{host}:{port}/") as answer,
    ):
        assert answer.status == 200
    assert found.connected == 1


async def test_a_name_that_changes_its_mind(listener: tuple[Listener, int]) -> None:
    """Resolved once to what is public, and then to what is not: the socket decides."""
    found, port = listener
    async with outward.session(private=False) as session:
        connector: Any = session.connector
        connector._resolver = Fickle()
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"http://store.example.com:{port}/")
        assert connector._resolver.asked == 1
    assert found.connected == 0


class Fickle(aiohttp.abc.AbstractResolver):
    asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        self.asked += 1
        return [
            {
                "hostname": host,
                "host": "127.0.0.1",
                "port": port,
                "family": family,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
        ]

    async def close(self) -> None: ...


@contextmanager
def proxied(monkeypatch: pytest.MonkeyPatch, port: int) -> Iterator[None]:
    with monkeypatch.context() as patched:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            patched.setenv(name, f"http://127.0.0.1:{port}")
        yield


async def test_no_proxy_of_the_environment(
    listener: tuple[Listener, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, port = listener
    with proxied(monkeypatch, port):
        async with outward.session(private=True) as session:
            with pytest.raises(aiohttp.ClientError):
                await session.get("http://127.0.0.1:1/")
    assert found.connected == 0
