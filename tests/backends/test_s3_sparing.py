"""What an S3 backend does not ask for, and what it does without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from holdall.backends.s3 import S3Backend
from holdall.core.values import PutOptions
from holdall.s3.client import Retries, S3Client
from holdall.s3.client.parts import PART
from holdall.s3.signing import Credentials

LISTED = (
    b"<ListAllMyBucketsResult><Buckets><Bucket><Name>box</Name>"
    b"<CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets>"
    b"</ListAllMyBucketsResult>"
)
UNKNOWN = b"<Error><Code>NotImplemented</Code><Message>never heard of it</Message></Error>"


class Server:
    """Stores nothing, lists one bucket, and knows of no settings."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.got = bytearray()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            method, target, _ = head[0].split(" ")
            self.asked.append(f"{method} {target}")
            length = next((line[16:] for line in head if line.startswith("content-length: ")), "0")
            self.got += await reader.readexactly(int(length))
            status, body = self._answer(method, target)
            length_line = b"content-length: %d\r\n" % len(body)
            writer.write(b'HTTP/1.1 %d x\r\n%setag: "e"\r\n\r\n%s' % (status, length_line, body))
        writer.close()

    def _answer(self, method: str, target: str) -> tuple[int, bytes]:
        if method == "PUT":
            return 200, b""
        return (200, LISTED) if target == "/" else (501, UNKNOWN)


async def _head(reader: asyncio.StreamReader) -> list[str]:
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    except asyncio.IncompleteReadError:
        return []
    return [lines[0], *(line.lower() for line in lines[1:])]


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, str]]:
    made = Server()
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as listening:
        yield made, "http://{}:{}".format(*listening.sockets[0].getsockname())


@pytest.fixture
async def client(server: tuple[Server, str]) -> AsyncIterator[S3Client]:
    async with S3Client(server[1], Credentials("a", "b"), retries=Retries(1)) as client:
        yield client


async def test_who_wants_to_know_little_costs_one_request(
    server: tuple[Server, str], client: S3Client
) -> None:
    options = PutOptions(brief=True)
    made = await S3Backend(client).put("box", "k", b"data", options=options)
    assert (made.key, made.size, made.etag) == ("k", 4, "e")
    assert server[0].asked == ["PUT /box/k"]
    assert server[0].got == b"data"


async def test_settings_that_an_endpoint_knows_nothing_of_are_off(client: S3Client) -> None:
    found = await S3Backend(client).get_bucket("box")
    assert (found.name, found.public_access) == ("box", False)


@pytest.mark.parametrize("size", [3 * 1024 * 1024, PART, PART + 1])
async def test_a_part_arrives_whole_from_memory_and_from_disk(
    server: tuple[Server, str], client: S3Client, size: int
) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    chunks = [data[at : at + 700_000] for at in range(0, size, 700_000)]
    backend = S3Backend(client)
    upload = backend._upload("box", "k", "id")
    part = await upload.part(1, chunks)
    assert part.size == size
    plain = server[0].got if size <= PART else _unframed(server[0].got)
    assert plain == data


def _unframed(body: bytearray) -> bytes:
    """The content of a body in signed chunks."""
    found, at = bytearray(), 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end].split(b";")[0], 16)
        if not size:
            return bytes(found)
        found += body[end + 2 : end + 2 + size]
        at = end + 4 + size
