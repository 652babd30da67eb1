"""Bodies that are out to hurt whoever reads them, at every operation that reads one."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdall.server.table import ROUTES

from ..matrix.wire import Answer, Wire, wired

ENTITIES = "".join(f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 10))
BOMBS = {
    "entities": f'<!DOCTYPE a [<!ENTITY e0 "ha">{ENTITIES}]><a>&e9;</a>',
    "a file": '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
    "an address": '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>',
    "parameters": '<!DOCTYPE a [<!ENTITY % e SYSTEM "file:///etc/passwd">%e;]><a/>',
    "depth": "<a>" * 50_000,
    "attributes": "<a " + " ".join(f'a{number}=""' for number in range(20_000)) + "/>",
    "elements": "<a>" + "<b/>" * 60_001 + "</a>",
    "names": f"<{'a' * 100_000}/>",
    "json": '{"Statement":' * 5_000,
}
READING = sorted(
    {
        (route.method, route.level, "&".join(sorted(route.query)))
        for route in ROUTES
        if route.method in ("PUT", "POST")
        and route.query
        and not route.copies
        and route.name not in ("CreateMultipartUpload", "UploadPart", "SelectObjectContent")
    }
)


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    async with wired(tmp_path / "store") as wire:
        alice = await wire.make_user("alice")
        locked = {"x-amz-bucket-object-lock-enabled": "true"}
        assert (await wire.send(alice, "PUT", "/box", headers=locked)).status == 200
        assert (await wire.send(alice, "PUT", "/box/kept", body=b"kept")).status == 200
        yield wire


async def send(wire: Wire, method: str, level: str, query: str, body: bytes) -> Answer:
    path = "/box/kept" if level == "object" else "/box"
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    headers = {"content-md5": base64.b64encode(digest).decode()}
    if query == "uploadId":
        query = "uploadId=" + "0" * 32
    return await wire.send(wire.keys["alice"], method, path, query, headers=headers, body=body)


@pytest.mark.parametrize("bomb", BOMBS)
async def test_no_bomb_goes_off(wire: Wire, bomb: str):
    """And nothing of a file is told."""
    for method, level, query in READING:
        answer = await send(wire, method, level, query, BOMBS[bomb].encode())
        assert 400 <= answer.status < 500 or answer.code == "NotImplemented", (query, answer)
        assert b"root:" not in answer.body
        assert len(answer.body) < 2_000


async def test_what_is_too_large_is_not_read(wire: Wire):
    """The length is known before the body: none of it is taken in."""
    length = {"content-length": str(100 * 1024 * 1024)}
    for method, level, query in READING:
        path = "/box/kept" if level == "object" else "/box"
        headers = {**length, "content-md5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
        if query == "uploadId":
            query = "uploadId=" + "0" * 32
        answer = await wire.send(wire.keys["alice"], method, path, query, headers=headers)
        assert answer.code in ("MaxMessageLengthExceeded", "NotImplemented"), (query, answer)


async def test_a_good_body_would_be_taken(wire: Wire):
    body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    assert (await send(wire, "PUT", "bucket", "versioning", body)).status == 200
