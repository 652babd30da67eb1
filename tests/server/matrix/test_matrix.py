"""Every operation by every kind of caller: allowed, or denied without a trace."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from holdall.server.routes import Route
from holdall.server.table import ROUTES

from .asking import Ask, asking
from .table import EXPECTED
from .wire import Answer, wired
from .world import COLUMNS, KINDS, World

BY_NAME = {route.name: route for route in ROUTES}
IDLE = {"GetObjectLegalHold", "GetObjectRetention"}
"""What is only there to be read of `held`."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with wired(tmp_path_factory.mktemp("matrix") / "store") as wire:
        world = World(wire)
        await world.people()
        yield world
        world.close()
        await wire.backend.sweep()
        assert await wire.backend.check(scrub=True) == []


async def test_every_operation_has_a_row():
    assert sorted(BY_NAME) == sorted({name.partition("@")[0] for name in EXPECTED})


@pytest.mark.parametrize("name", EXPECTED)
async def test_the_operation(world: World, name: str):
    found = {column: await cell(world, name, column) for column in COLUMNS}
    wrong = [
        f"{column}: {answer.status} {answer.code or ''}"
        for column, answer in found.items()
        if is_denied(answer) is EXPECTED[name][column]
    ]
    assert wrong == []


async def cell(world: World, name: str, column: str) -> Answer:
    """The answer to one request. What is denied changed nothing, and tells nothing."""
    route, kind = BY_NAME[name.partition("@")[0]], KINDS[column]
    await world.place(kind)
    before = await world.state()
    answer = await send(world, route, name, column, key_of(route))
    after = await world.state()
    if is_denied(answer):
        assert before == after, f"{column} was denied and changed something"
        await assert_silent(world, route, name, column, answer)
    elif before != after:
        world.spoil(kind)
    return answer


async def send(world: World, route: Route, name: str, column: str, key: str) -> Answer:
    place = await world.place(KINDS[column])
    who = world.callers[column]
    ask: Ask = asking(route, name, place, who, key)
    return await world.wire.send(
        who, ask.method, ask.path, ask.query, headers=ask.headers, body=ask.body
    )


async def assert_silent(world: World, route: Route, name: str, column: str, answer: Answer) -> None:
    """Who may not list cannot tell a key that is there from one that is not."""
    has_key = route.level == "object" and "uploadId" not in route.query
    if has_key and not EXPECTED["ListObjects"][column]:
        missing = await send(world, route, name, column, "missing")
        assert (missing.status, missing.code) == (answer.status, answer.code)


def key_of(route: Route) -> str:
    return "held" if route.name in IDLE else "kept"


def is_denied(answer: Answer) -> bool:
    """A DeleteObjects is denied one by one (S3 DeleteObjects)."""
    if answer.status == 200 and b"<DeleteResult" in answer.body:
        return set(answer.codes) == {"AccessDenied"} and b"<Deleted>" not in answer.body
    return answer.status == 403 and answer.code in ("AccessDenied", None)
