"""Resumable uploads against a server of ours that keeps to the protocol and breaks on demand."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from holdall.core.checksums import crc32c
from holdall.core.errors import Busy, ChecksumMismatch, OutcomeUnknown, StoreError
from holdall.payloads.gcs import GcsClient
from holdall.payloads.gcs.resumable import CHUNK
from holdall.s3.client.retrying import Retries

UNIT = 256 * 1024
DATA = bytes(range(256)) * (2 * CHUNK // 256) + b"the end"
RESOURCE = {"name": "k", "contentType": "a/b"}


class Google:
    """One upload. `faults` are what becomes of the next chunks: a status, or "cut" after the
    first `kept` bytes of it; "lost" is a chunk that is kept whole and never answered."""

    def __init__(self) -> None:
        self.held = bytearray()
        self.faults: list[str | int | None] = []
        self.kept = UNIT
        self.asked = 0
        self.cancelled = False
        self.lies = False

    async def begin(self, request: web.Request) -> web.Response:
        return web.Response(headers={"location": str(request.url.with_path("/session"))})

    async def put(self, request: web.Request) -> web.Response:
        body = await request.read()
        range = request.headers["content-range"]
        if range == "bytes */*":
            self.asked += 1
            return self._state("*")
        found = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", range)
        assert found is not None
        start = len(self.held) if found[1] is None else int(found[1])
        assert start == len(self.held), "no byte is sent twice, and none left out"
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, int):
            return web.Response(status=fault)
        self.held += body[: self.kept] if fault == "cut" else body
        if fault is not None:
            assert request.transport is not None
            request.transport.close()
        return self._state(found[2])

    def _state(self, total: str) -> web.Response:
        if not self.lies and total in ("*", "") and len(self.held) < len(DATA):
            kept = {"range": f"bytes=0-{len(self.held) - 1}"} if self.held else {}
            return web.Response(status=308, headers=kept)
        data = b"other" if self.lies else bytes(self.held)
        sum = b64encode(crc32c(data).to_bytes(4, "big")).decode()
        return web.json_response({**RESOURCE, "crc32c": sum, "generation": "1"})

    async def cancel(self, request: web.Request) -> web.Response:
        self.cancelled = True
        return web.Response(status=499)


@pytest.fixture
async def google() -> AsyncIterator[tuple[Google, GcsClient]]:
    script = Google()
    app = web.Application(client_max_size=2 * CHUNK)
    app.router.add_post("/upload/storage/v1/b/box/o", script.begin)
    app.router.add_put("/session", script.put)
    app.router.add_delete("/session", script.cancel)
    async with TestServer(app) as server:
        retries = Retries(attempts=3, first=0.001)
        client = GcsClient(None, endpoint=str(server.make_url("")).rstrip("/"), retries=retries)
        yield script, client
        await client.aclose()


async def send(client: GcsClient) -> object:
    async with aclosing(await client.upload("box", RESOURCE)) as upload:
        for at in range(0, len(DATA), 1_000_000):
            await upload.write(DATA[at : at + 1_000_000])
        return await upload.finish()


@pytest.mark.parametrize(
    "faults",
    [
        [],
        ["cut"],
        ["lost"],
        [503],
        [429],
        [500, "cut", 503, "lost"],
        ["cut", "cut", "cut", "cut", "cut"],
        [None, None, "lost"],
        [None, None, 503],
    ],
    ids=repr,
)
async def test_it_goes_on_from_where_it_was(
    google: tuple[Google, GcsClient], faults: list[str | int | None]
) -> None:
    script, client = google
    script.faults = list(faults)
    await send(client)
    assert bytes(script.held) == DATA
    assert not script.cancelled
    assert bool(script.asked) == any(each in ("cut", "lost", 503, 500) for each in faults)


async def test_who_gives_up_cancels(google: tuple[Google, GcsClient]) -> None:
    script, client = google
    script.faults += [503] * 9
    with pytest.raises(Busy):
        await send(client)
    assert script.cancelled


async def test_nothing_that_is_taken_is_no_progress(google: tuple[Google, GcsClient]) -> None:
    script, client = google
    script.kept = 0
    script.faults += ["cut"] * 9
    with pytest.raises((OutcomeUnknown, StoreError)):
        await send(client)
    assert script.cancelled


async def test_other_bytes_at_google_are_noticed(google: tuple[Google, GcsClient]) -> None:
    script, client = google
    with pytest.raises(ChecksumMismatch):
        async with aclosing(await client.upload("box", RESOURCE)) as upload:
            await upload.write(b"few bytes")
            script.lies = True
            await upload.finish()
