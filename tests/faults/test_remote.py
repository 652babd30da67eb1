"""A Holdall server over a line that breaks once, at every place of every request: what was
asked is done once, or a typed error says otherwise, and contents are whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from holdall import connect
from holdall.backends.remote import RemoteBackend
from holdall.backends.remote.control import Access
from holdall.core.errors import BlobNotFound, StoreError
from holdall.core.values import Precondition, Problem, PutOptions, Revision
from holdall.s3.client import Patience, Retries
from holdall.s3.signing import Credentials
from holdall.testing.proxy import Answer, Cut, Fault, Proxy, Where, at
from tests.server.whole import Whole, serving_whole

from .broken import ATTEMPTS, BEFORE, BUCKET, IDLE, SMALL

KEY = "a/key"
FAULTS: dict[str, Fault] = {
    **{where.value: Cut(where) for where in Where},
    "a failure": Answer(500),
    "a failure that is none": Answer(500, done=True),
    "too busy": Answer(503, (("retry-after", "0"),)),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    store = tmp_path_factory.mktemp("whole") / "store"
    with serving_whole(store) as whole:
        yield whole
    assert asyncio.run(problems(store)) == []


async def problems(store: Path) -> list[Problem]:
    async with connect(store, create=False) as client:
        return list(await client.check(scrub=True))


def remote_at(endpoint: str, whole: Whole) -> RemoteBackend:
    credentials = Credentials(whole.profile.access_key, whole.profile.secret_key)
    return RemoteBackend(
        Access(endpoint, credentials, whole.profile.region),
        retries=Retries(ATTEMPTS, first=0),
        patience=Patience(idle=IDLE),
    )


@pytest.fixture
async def line(whole: Whole) -> AsyncIterator[Proxy]:
    async with Proxy(whole.endpoint) as proxy:
        yield proxy


@pytest.fixture
async def near(whole: Whole) -> AsyncIterator[RemoteBackend]:
    backend = remote_at(whole.endpoint, whole)
    await backend.create_bucket(BUCKET)
    try:
        yield backend
        assert list(await backend.list_uploads(BUCKET)) == []
    finally:
        await backend.delete_bucket(BUCKET, force=True)
        await backend.aclose()


@pytest.fixture
async def far(whole: Whole, line: Proxy, near: RemoteBackend) -> AsyncIterator[RemoteBackend]:
    backend = remote_at(line.endpoint_url, whole)
    try:
        await backend.get_bucket(BUCKET)
        yield backend
    finally:
        await backend.aclose()


async def content_of(backend: RemoteBackend, key: str) -> bytes | None:
    try:
        async with await backend.open(BUCKET, key) as reading:
            return await reading.read()
    except BlobNotFound:
        return None


async def only_new(to: RemoteBackend) -> Revision:
    condition = Precondition(if_none_match="*")
    return await to.put(BUCKET, "other", SMALL, options=PutOptions(precondition=condition))


async def as_expected(to: RemoteBackend) -> Revision:
    return await to.put(BUCKET, KEY, SMALL, options=PutOptions(precondition=Precondition(expect=0)))


Pair = tuple[bytes | None, bytes | None]
Run = Callable[[RemoteBackend], Awaitable[object]]
OPERATIONS: dict[str, tuple[Run, Pair]] = {
    "put": (lambda to: to.put(BUCKET, KEY, SMALL), (SMALL, None)),
    "put of what is new": (only_new, (BEFORE, SMALL)),
    "put of what is expected": (as_expected, (SMALL, None)),
    "get": (lambda to: content_of(to, KEY), (BEFORE, None)),
    "list": (lambda to: to.list(BUCKET), (BEFORE, None)),
    "copy": (lambda to: to.copy(BUCKET, KEY, BUCKET, "other"), (BEFORE, BEFORE)),
    "move": (lambda to: to.move(BUCKET, KEY, BUCKET, "other"), (None, BEFORE)),
    "delete": (lambda to: to.delete(BUCKET, KEY), (None, None)),
    "restore": (lambda to: to.restore(BUCKET, KEY, 0), (BEFORE, None)),
    "tags": (lambda to: to.set_tags(BUCKET, KEY, {"a": "b"}), (BEFORE, None)),
}
ONCE = {"put of what is new", "put of what is expected", "move", "delete", "restore", "copy"}
"""Done again, they would do something else: without an answer they are in doubt."""


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", OPERATIONS)
async def test_one_fault_at_any_request(
    far: RemoteBackend, near: RemoteBackend, line: Proxy, name: str, fault: str
) -> None:
    run, after = OPERATIONS[name]
    await prepare(near)
    line.choose(lambda _: None)
    await run(far)
    for number in range(len(line.asked)):
        await prepare(near)
        line.choose(at(number, FAULTS[fault]))
        [result] = await asyncio.gather(run(far), return_exceptions=True)
        held = await found(near)
        if isinstance(result, BaseException):
            assert name in ONCE, result
            assert isinstance(result, StoreError)
            assert held in (after, (BEFORE, None))
        else:
            assert held == after
        [_] = line.met


async def found(near: RemoteBackend) -> Pair:
    return await content_of(near, KEY), await content_of(near, "other")


async def prepare(near: RemoteBackend) -> None:
    for key in (KEY, "other"):
        if await near.revisions(BUCKET, key):
            await near.delete_all_revisions(BUCKET, key)
    await near.put(BUCKET, KEY, BEFORE)
