"""Who reads a blob of many payloads holds them back from deletion, for as long as they live."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import Corrupt
from holdall.core.values import Versioning
from holdall.engine import hold
from holdall.engine.engine import LEASE

from .stores import HOUR, LARGE, files_of, judge, open_store, rows_of

PARTS = 20  # more than are looked up at once


async def begin(path: Path) -> EngineBackend:
    backend = open_store(path)
    await backend.create_bucket("box", versioning=Versioning.OFF)
    upload = await backend.start_upload("box", "k")
    for number in range(1, PARTS + 1):
        await upload.part(number, LARGE)
    await upload.complete()
    return backend


async def test_what_is_read_is_kept_until_the_reading_is_closed(tmp_path: Path) -> None:
    backend, other = await begin(tmp_path), open_store(tmp_path)
    reading = await backend.open("box", "k")
    await other.delete("box", "k")
    assert (await other.sweep()).deleted == 0
    assert len(files_of(tmp_path)) == PARTS
    assert await reading.read() == LARGE * PARTS
    await reading.aclose()
    await asyncio.gather(*backend.engine.background)
    assert files_of(tmp_path) == []
    assert await rows_of(other, "leases") == 0
    await backend.aclose()
    await other.aclose()
    await judge(tmp_path, files=0)


async def test_what_was_doomed_before_it_began_is_not_held(tmp_path: Path) -> None:
    backend = await begin(tmp_path)
    await backend.copy("box", "k", "box", "copy")
    await backend.put("box", "other", LARGE[::-1])
    async with await backend.open("box", "copy"):
        earlier = len(files_of(tmp_path))
    await backend.delete("box", "other")
    await asyncio.gather(*backend.engine.background)
    assert len(files_of(tmp_path)) == earlier - 1
    await backend.aclose()
    await judge(tmp_path, files=PARTS)


async def test_the_hold_of_a_dead_reader_runs_out(tmp_path: Path) -> None:
    backend, other = await begin(tmp_path), open_store(tmp_path)
    reading = await backend.open("box", "k")
    await other.delete("box", "k")
    now = other.engine.now()
    other.engine.now = lambda: now + 2 * LEASE
    assert (await other.sweep()).deleted == PARTS
    assert files_of(tmp_path) == []
    with pytest.raises(Corrupt) as caught:
        await reading.read()
    assert (caught.value.bucket, caught.value.key) == ("box", "k")
    await reading.aclose()
    await backend.aclose()
    await other.aclose()
    await judge(tmp_path, files=0)


async def test_the_hold_of_a_slow_reader_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "LEASE", 3000)  # microseconds: renewed every one of them
    backend = await begin(tmp_path)
    now = backend.engine.now()
    backend.engine.now = lambda: now
    async with await backend.open("box", "k") as reading:
        await backend.delete("box", "k")
        await asyncio.gather(*backend.engine.background)
        for _ in range(3):
            now += HOUR
            await renewed(backend, now)
            assert (await backend.sweep()).deleted == 0
        assert await reading.read() == LARGE * PARTS
    await backend.aclose()
    await judge(tmp_path, files=0)


async def renewed(backend: EngineBackend, now: int) -> None:
    """Until the only reader's lease reaches beyond `now`."""
    until = (0,)
    while until[0] <= now:
        until = await backend.engine.catalog.scan(
            lambda reads: reads.one("SELECT max(until) FROM leases") or (0,)
        )
