from __future__ import annotations

import asyncio

import pytest

from holdall.backends.engine import EngineBackend
from holdall.engine import settings
from holdall.server.turn import Turn


@pytest.fixture
async def engine(tmp_path):
    backend = await EngineBackend.at(tmp_path, owner="alice")
    await backend.create_bucket("files")
    yield backend.engine
    assert await backend.check() == []
    await backend.aclose()


@pytest.fixture
def looks(engine, monkeypatch):
    """The look-ups that were begun. Each waits for what a test may put at the list's end."""
    begun, read = [], engine.catalog.read

    async def counted(query, *, single=False):
        begun.append(query)
        found = await read(query, single=single)
        await counted.afterwards()
        return found

    async def at_once():
        pass

    counted.afterwards = at_once
    monkeypatch.setattr(engine.catalog, "read", counted)
    return counted, begun


def documents(found):
    return {name: value for rows in found for name, value in rows.settings}


async def test_those_who_wait_together_are_told_by_one_look(engine, looks):
    turn = Turn()
    found = await asyncio.gather(*(turn.named(engine, "files") for _ in range(5)))
    assert len(looks[1]) == 1
    assert {rows.bucket.name for each in found for rows in each} == {"files"}


async def test_names_are_told_apart(engine, looks):
    turn = Turn()
    files, none = await asyncio.gather(turn.named(engine, "files"), turn.named(engine, "none"))
    assert (len(files), len(none), len(looks[1])) == (1, 0, 2)


async def test_the_next_turn_looks_again(engine, looks):
    turn = Turn()
    await turn.named(engine, "files")
    await asyncio.sleep(0)
    await turn.named(engine, "files")
    assert len(looks[1]) == 2


async def test_a_change_is_seen_by_whoever_made_it(engine):
    turn = Turn()
    for text in ("one", "two"):
        assert documents(await turn.named(engine, "files")).get("note") != text
        await settings.put(engine, "files", "note", text)
        assert documents(await turn.named(engine, "files"))["note"] == text


async def test_a_request_that_comes_after_a_look_does_its_own(engine, looks):
    """Here the change is made by somebody else, between the look and the next request."""
    turn = Turn()
    await turn.named(engine, "files")
    later = asyncio.get_running_loop().create_task(turn.named(engine, "files"))
    await later
    assert len(looks[1]) == 2


async def test_what_took_longer_than_the_turn_is_not_kept(engine, looks):
    turn, (read, begun) = Turn(), looks
    read.afterwards = lambda: asyncio.sleep(0)
    await asyncio.create_task(turn.named(engine, "files"))
    await turn.named(engine, "files")
    assert len(begun) == 2
