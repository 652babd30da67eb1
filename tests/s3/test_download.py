"""The bytes of an object, in whichever pieces and by whichever coding they come."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol

from holdall.core.errors import StoreError
from holdall.s3.client.download import Download
from holdall.s3.client.request import Request
from holdall.s3.client.retrying import Retries

PIECES = (b"one", b"two", b"three", b"four")
WHOLE = b"".join(PIECES)


def download(content: StreamReader, size: int) -> Download:
    headers = {"content-length": str(size)}
    response: Any = SimpleNamespace(
        status=200,
        headers=headers,
        content=content,
        content_length=size,
        close=lambda: None,
        release=lambda: None,
    )
    sender: Any = SimpleNamespace(retries=Retries(1))
    return Download(sender, Request("GET", "box", "key"), response)


def body() -> StreamReader:
    loop = asyncio.get_running_loop()
    return StreamReader(BaseProtocol(loop), 2**16, loop=loop)


def stream(*, chunked: bool) -> StreamReader:
    """All pieces have come; chunks of the coding are of two pieces."""
    content = body()
    for at, piece in enumerate(PIECES):
        if chunked and not at % 2:
            content.begin_http_chunk_receiving()
        content.feed_data(piece)
        if chunked and at % 2:
            content.end_http_chunk_receiving()
    content.feed_eof()
    return content


@pytest.mark.parametrize("chunked", [False, True])
async def test_all_of_it_comes(chunked: bool) -> None:
    assert await download(stream(chunked=chunked), len(WHOLE)).read() == WHOLE


async def test_the_end_of_a_chunk_is_not_the_end() -> None:
    content = body()
    opened = download(content, 6)
    content.begin_http_chunk_receiving()
    content.feed_data(b"one")
    assert await anext(opened) == b"one"
    content.end_http_chunk_receiving()  # when all that it had was taken before
    content.feed_data(b"two")
    assert await anext(opened) == b"two"


async def test_pieces_are_not_joined() -> None:
    opened = download(stream(chunked=False), len(WHOLE))
    assert [piece async for piece in opened] == list(PIECES)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_ends_early_is_told(chunked: bool) -> None:
    with pytest.raises(StoreError):
        await download(stream(chunked=chunked), len(WHOLE) + 1).read()
