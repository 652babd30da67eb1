"""A server in somebody's network that is nobody's business."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest


class Inside:
    """Something that must not be reached, or that says `answer`; counts who comes."""

    def __init__(self) -> None:
        self.met = 0
        self.port = 0
        self.answer = b""

    def by(self, host: str) -> str:
        return f"http://{host}:{self.port}"

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.met += 1
        head = await reader.readuntil(b"\r\n\r\n")
        if length := re.search(rb"content-length: *(\d+)", head, re.IGNORECASE):
            await reader.readexactly(int(length[1]))  # or the answer might be lost
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def inside() -> AsyncIterator[Inside]:
    made = Inside()
    async with await asyncio.start_server(made.meet, "127.0.0.1", 0) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made


def said(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body
