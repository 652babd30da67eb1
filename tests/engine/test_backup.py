"""A copy of a store in use is a store: whole, consistent, and there or not there."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from holdall.backends.engine import EngineBackend
from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.core.errors import Conflict, Corrupt, InvalidArgument
from holdall.core.values import Revision, Versioning

from .stores import LARGE, files_of, judge, open_store


async def contents(backend: EngineBackend) -> dict[str, bytes]:
    found = {}
    for entry in (await backend.list("box", limit=10_000)).entries:
        assert isinstance(entry, Revision)
        async with await backend.open("box", entry.key) as reading:
            found[entry.key] = await reading.read()
    return found


async def test_a_copy_of_a_store_in_use(tmp_path: Path) -> None:
    backend = open_store(tmp_path / "store")
    await backend.create_bucket("box", versioning=Versioning.OFF)
    for number in range(30):
        await backend.put("box", f"old-{number}", LARGE + b"%d" % number)
    stop = asyncio.Event()

    async def churn() -> None:
        """Each pair is written in this order: no copy may hold the second without the first."""
        number = 0
        while not stop.is_set():
            await backend.put("box", f"pair-{number}-a", LARGE)
            await backend.put("box", f"pair-{number}-b", b"small")
            await backend.delete("box", f"old-{number % 30}")
            await backend.put("box", f"old-{number % 30}", LARGE + b"%d" % (number % 30))
            number += 1

    churning = asyncio.create_task(churn())
    await asyncio.sleep(0.2)
    copied = await backend.backup(tmp_path / "copy")
    stop.set()
    await churning
    await backend.aclose()
    assert copied == len(files_of(tmp_path / "copy"))
    copy = open_store(tmp_path / "copy")
    held = await contents(copy)
    pairs = [key for key in held if key.endswith("-b")]
    assert pairs
    assert all(key.removesuffix("b") + "a" in held for key in pairs)
    assert sum(key.startswith("old-") for key in held) >= 29
    await copy.aclose()
    await judge(tmp_path / "copy", files=copied)
    await judge(tmp_path / "store", files=len(files_of(tmp_path / "store")))


async def test_what_is_there_is_not_replaced(tmp_path: Path) -> None:
    backend = open_store(tmp_path / "store")
    (tmp_path / "copy").mkdir()
    with pytest.raises(Conflict):
        await backend.backup(tmp_path / "copy")
    for inside in ("copy", "payloads/copy"):
        with pytest.raises(InvalidArgument):
            await backend.backup(tmp_path / "store" / inside)
    await backend.backup(tmp_path / "deep" / "er")
    assert (tmp_path / "deep" / "er" / "catalog.db").exists()
    await backend.aclose()


async def test_a_damaged_payload_stops_it_and_leaves_nothing(tmp_path: Path) -> None:
    backend = open_store(tmp_path / "store")
    await backend.create_bucket("box")
    await backend.put("box", "k", LARGE)
    with files_of(tmp_path / "store")[0].open("r+b") as file:
        file.write(b"damage")
    with pytest.raises(Corrupt) as caught:
        await backend.backup(tmp_path / "copy")
    assert (caught.value.bucket, caught.value.key) == ("box", "k")
    assert os.listdir(tmp_path) == ["store"]
    await backend.aclose()


async def test_deletions_wait_for_it(tmp_path: Path) -> None:
    backend = open_store(tmp_path / "store")
    await backend.create_bucket("box", versioning=Versioning.OFF)
    await backend.put("box", "k", LARGE)
    read, reading, go_on = backend.engine.payloads.read, asyncio.Event(), asyncio.Event()

    async def slow(*args: object) -> object:
        reading.set()
        await go_on.wait()
        return await read(*args)  # type: ignore[arg-type]

    backend.engine.payloads.read = slow  # type: ignore[method-assign,assignment]
    copying = asyncio.create_task(backend.backup(tmp_path / "copy"))
    await reading.wait()
    await backend.delete("box", "k")
    await backend.sweep()
    go_on.set()
    assert await copying == 1
    await asyncio.gather(*backend.engine.background)
    assert files_of(tmp_path / "store") == [], "and not longer"
    await backend.aclose()
    await judge(tmp_path / "copy", files=1)


@pytest.mark.parametrize("name", ["master-key", "webhooks.json"])
async def test_keys_that_change_meanwhile_stop_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A catalog of one time and keys of another may not open each other."""
    backend = open_store(tmp_path / "store")
    await backend.create_bucket("box")
    (tmp_path / "store" / "master-key").write_text("old")
    copy_to = SqliteCatalog.copy_to

    async def changing(self: SqliteCatalog, target: Path) -> None:
        await copy_to(self, target)
        (tmp_path / "store" / name).write_text("new")

    with monkeypatch.context() as patched:
        patched.setattr(SqliteCatalog, "copy_to", changing)
        with pytest.raises(Conflict, match="once more"):
            await backend.backup(tmp_path / "copy", with_secrets=True)
        assert os.listdir(tmp_path) == ["store"]
        (tmp_path / "store" / name).write_text("old")
        await backend.backup(tmp_path / "without")
    assert not (tmp_path / "without" / "master-key").exists()
    await backend.backup(tmp_path / "copy", with_secrets=True)
    assert (tmp_path / "copy" / name).read_text() == "new"
    await backend.aclose()
