"""A disk that is full, and a catalog that another program holds: said, survived, undone."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from ..matrix.wire import Answer, Wire, wired

SMALL, LARGE = b"x" * 4096, b"x" * 400_000
"""Kept in the catalog, and as a file."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MiB."""
    command = ["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(tmp_path)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("a file system cannot be mounted here: that needs to be root")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.fixture
async def wire(disk: Path) -> AsyncIterator[Wire]:
    async with wired(disk / "store") as wire:
        await wire.make_user("alice")
        assert (await send(wire, "PUT", "/box")).status == 200
        yield wire
        await wire.backend.sweep()
        assert await wire.backend.check(scrub=True) == []


async def send(wire: Wire, method: str, path: str, query: str = "", body: bytes = b"") -> Answer:
    return await wire.send(wire.keys["alice"], method, path, query, body=body)


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["catalog", "file"])
async def test_a_full_disk(wire: Wire, content: bytes):
    """507 until there is room again; what was acknowledged is there, and nothing else is."""
    stored = await fill(wire, content)
    assert await listed(wire) == stored
    for key in (stored[0], stored[-1]):
        assert (await send(wire, "GET", f"/box/{key}")).body == content
    for key in stored:
        assert (await send(wire, "DELETE", f"/box/{key}")).status == 204, "deletions must work"
    await wire.backend.sweep()
    assert (await send(wire, "PUT", "/box/after", body=content)).status == 200


async def test_a_disk_that_fills_up_under_a_part(wire: Wire):
    begun = await send(wire, "POST", "/box/parts", "uploads")
    found = re.search(b"<UploadId>(.*)</UploadId>", begun.body)
    assert found is not None
    upload = f"uploadId={found[1].decode()}"
    for number in range(1, 100):
        answer = await send(wire, "PUT", "/box/parts", f"{upload}&partNumber={number}", LARGE)
        if answer.status != 200:
            break
    assert (answer.status, answer.code) == (507, "StorageFull")
    shown = await send(wire, "GET", "/box/parts", upload)
    assert shown.body.count(b"<Part>") == number - 1
    assert (await send(wire, "DELETE", "/box/parts", upload)).status == 204
    await wire.backend.sweep()
    assert (await send(wire, "PUT", "/box/after", body=LARGE)).status == 200


async def fill(wire: Wire, content: bytes) -> list[str]:
    """Write until nothing fits, three times over: a checkpoint in between makes some room."""
    stored, refusals = list[str](), 0
    for number in range(5000):
        answer = await send(wire, "PUT", f"/box/{number:04}", body=content)
        if answer.status == 200:
            stored.append(f"{number:04}")
            continue
        assert (answer.status, answer.code) == (507, "StorageFull")
        assert str(wire.path).encode() not in answer.body
        refusals += 1
        if refusals == 3:
            return stored
    raise AssertionError("the disk is never full")


async def listed(wire: Wire) -> list[str]:
    found, after = list[str](), ""
    while True:
        answer = await send(wire, "GET", "/box", f"marker={after}")
        page = [key.decode() for key in re.findall(b"<Key>([^<]*)", answer.body)]
        found += page
        if b"<IsTruncated>true" not in answer.body:
            return found
        after = page[-1]


# a catalog that another process holds

HOLDER = """
import sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(catalog: Path) -> Iterator[None]:
    """Another program is in the middle of a transaction."""
    command = [sys.executable, "-c", HOLDER, str(catalog)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"held\n"
        yield
        process.stdin.close()


@pytest.mark.slow
async def test_a_catalog_that_is_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Reads go on; a write is told to come again, and finds its way then."""
    impatient(monkeypatch)
    async with wired(tmp_path / "store") as wire:
        await wire.make_user("alice")
        assert (await send(wire, "PUT", "/box")).status == 200
        assert (await send(wire, "PUT", "/box/kept", body=SMALL)).status == 200
        with held(wire.path / "catalog.db"):
            for content in (SMALL, LARGE):
                refused = await send(wire, "PUT", "/box/new", body=content)
                assert (refused.status, refused.code) == (503, "SlowDown")
            assert (await send(wire, "DELETE", "/box/kept")).status == 503
            assert (await send(wire, "GET", "/box/kept")).body == SMALL
            assert await listed(wire) == ["kept"]
        assert (await send(wire, "PUT", "/box/new", body=LARGE)).status == 200
        await wire.backend.sweep()
        assert await wire.backend.check(scrub=True) == []


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite gives up after 300 ms."""
    whole = apsw.Connection.set_busy_timeout

    class Impatient(apsw.Connection):
        def set_busy_timeout(self, milliseconds: int) -> None:
            whole(self, min(milliseconds, 300))

    monkeypatch.setattr(apsw, "Connection", Impatient)
