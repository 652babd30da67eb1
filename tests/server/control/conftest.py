"""One server for the tests of a module; each makes buckets and users of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from holdall.cli.remote import Remote
from tests.server.whole import Whole, control, serving_whole

Login = Callable[..., Awaitable[Remote]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    directory: Path = tmp_path_factory.mktemp("served") / "store"
    with serving_whole(directory) as running:
        yield running


@pytest.fixture
async def admin(whole: Whole) -> AsyncIterator[Remote]:
    async with control(whole.profile) as remote:
        yield remote


@pytest.fixture
async def login(whole: Whole, admin: Remote) -> AsyncIterator[Login]:
    """Makes a user, unless there is one, and a key of theirs."""
    async with AsyncExitStack() as stack:

        async def made(user: str, **limits: object) -> Remote:
            if user not in [known["name"] async for known in admin.every("/users")]:
                await admin.post("/users", name=user)
            key = await admin.post("/keys", user=user, **limits)
            return await stack.enter_async_context(control(whole.with_key(key)))

        yield made


@pytest.fixture
def fresh() -> str:
    """A name that no other test has."""
    return f"n{uuid4().hex[:12]}"


@pytest.fixture
async def bucket(admin: Remote, fresh: str) -> str:
    await admin.post("/buckets", name=fresh)
    return fresh
