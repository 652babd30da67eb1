"""Faults that do not pass: a typed error, and whole contents only, the old one or the new one."""

from __future__ import annotations

import asyncio

import pytest

from holdall.backends.s3 import S3Backend
from holdall.core.errors import (
    Busy,
    HoldallError,
    OutcomeUnknown,
    PreconditionFailed,
    StoreError,
    Timeout,
)
from holdall.core.values import Precondition, PutOptions
from holdall.testing.proxy import Answer, Asked, Choice, Cut, Fault, Hold, Proxy, Silence, Where

from .broken import ATTEMPTS, BEFORE, BUCKET, LARGE, SMALL, keys, read, uploads_left

KEY = "a/key"
LASTING: dict[str, Fault] = {
    **{where.value: Cut(where) for where in Where},
    "a failure": Answer(500),
    "a failure that is none": Answer(500, done=True),
    "too busy": Answer(503, (("retry-after", "0"),)),
    "too busy for long": Answer(503, (("retry-after", "3600"),)),
    "no room": Answer(507),
}
UNSEEN = [
    *(where.value for where in Where if where.is_in_request),
    *("a failure", "too busy", "too busy for long", "no room"),
]
"""Those after which the server has done nothing: all these requests have bodies."""
IN_BODY = {Where.REPLY_FIRST.value, Where.REPLY_MIDDLE.value, Where.REPLY_LAST.value}
OF_PUT = [fault for fault in LASTING if fault not in IN_BODY]
"""The reply to a PUT has no body to cut."""


def always(fault: Fault, method: str, name: str | None = None) -> Choice:
    """Every request of a method, with this name in its query or with none."""

    def choice(asked: Asked) -> Fault | None:
        meant = name in asked.names if name else not asked.names
        return fault if asked.method == method and meant else None

    return choice


@pytest.fixture
async def before(direct: S3Backend) -> None:
    await direct.put(BUCKET, KEY, BEFORE)


@pytest.mark.parametrize("fault", OF_PUT)
async def test_a_put(
    backend: S3Backend, direct: S3Backend, proxy: Proxy, before: None, fault: str
) -> None:
    proxy.choose(always(LASTING[fault], "PUT"))
    with pytest.raises(HoldallError):
        await backend.put(BUCKET, KEY, SMALL)
    kept = [BEFORE] if fault in UNSEEN else [BEFORE, SMALL]
    assert await read(direct, KEY) in kept


@pytest.mark.parametrize("fault", OF_PUT)
async def test_a_part(
    backend: S3Backend, direct: S3Backend, proxy: Proxy, before: None, fault: str
) -> None:
    proxy.choose(always(LASTING[fault], "PUT", "partNumber"))
    with pytest.raises(HoldallError):
        await backend.put(BUCKET, KEY, LARGE)
    assert await read(direct, KEY) == BEFORE
    assert await uploads_left(direct) == []


@pytest.mark.parametrize("fault", LASTING)
async def test_a_completion(
    backend: S3Backend, direct: S3Backend, proxy: Proxy, before: None, fault: str
) -> None:
    proxy.choose(always(LASTING[fault], "POST", "uploadId"))
    with pytest.raises(HoldallError):
        await backend.put(BUCKET, KEY, LARGE)
    kept = [BEFORE] if fault in UNSEEN else [LARGE]
    assert await read(direct, KEY) in kept
    assert await uploads_left(direct) == []


@pytest.mark.parametrize("fault", LASTING)
async def test_a_read(backend: S3Backend, direct: S3Backend, proxy: Proxy, fault: str) -> None:
    await direct.put(BUCKET, KEY, SMALL)
    proxy.choose(always(LASTING[fault], "GET"))
    try:
        found = await read(backend, KEY)
    except HoldallError:
        return
    # Whatever each answer brings before it is cut is kept: it comes nearer to the end each time.
    assert found == SMALL
    assert fault in IN_BODY


@pytest.mark.parametrize("fault", OF_PUT)
async def test_a_condition_is_decided_once(
    backend: S3Backend, direct: S3Backend, proxy: Proxy, before: None, fault: str
) -> None:
    proxy.choose(always(LASTING[fault], "PUT"))
    only_new = PutOptions(precondition=Precondition(if_none_match="*"))
    with pytest.raises(HoldallError) as caught:
        await backend.put(BUCKET, "new", SMALL, options=only_new)
    assert not isinstance(caught.value, PreconditionFailed)
    if await keys(direct) != [KEY]:
        assert isinstance(caught.value, OutcomeUnknown)
        assert await read(direct, "new") == SMALL


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Cut(Where.REPLY), OutcomeUnknown),
        (Answer(500), StoreError),
        (Answer(503), Busy),
        (Silence(), OutcomeUnknown),
    ],
)
async def test_a_write_is_tried_as_often_as_was_said(
    backend: S3Backend,
    direct: S3Backend,
    proxy: Proxy,
    fault: Fault,
    error: type[HoldallError],
) -> None:
    proxy.choose(always(fault, "PUT"))
    with pytest.raises(error):
        await backend.put(BUCKET, KEY, SMALL)
    assert len(proxy.met) == ATTEMPTS


async def test_a_server_that_says_nothing(backend: S3Backend, proxy: Proxy) -> None:
    proxy.choose(always(Silence(), "GET"))
    with pytest.raises(Timeout):
        await read(backend, KEY)
    assert len(proxy.met) == ATTEMPTS


async def test_nobody_waits_an_hour(backend: S3Backend, proxy: Proxy) -> None:
    proxy.choose(always(LASTING["too busy for long"], "PUT"))
    with pytest.raises(Busy):
        await backend.put(BUCKET, KEY, SMALL)
    assert len(proxy.met) == 1


async def test_an_answer_that_takes_its_time(
    backend: S3Backend, direct: S3Backend, proxy: Proxy
) -> None:
    held, let_go = asyncio.Event(), asyncio.Event()

    def choice(asked: Asked) -> Fault | None:
        if asked.method != "PUT":
            return None
        held.set()
        return Hold(let_go)

    proxy.choose(choice)
    putting = asyncio.create_task(backend.put(BUCKET, KEY, SMALL))
    await held.wait()
    assert await keys(direct) == []
    let_go.set()
    await putting
    assert await read(direct, KEY) == SMALL
    assert len(proxy.met) == 1


async def test_a_server_that_is_gone(backend: S3Backend, direct: S3Backend, proxy: Proxy) -> None:
    await proxy.__aexit__(None, None, None)
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        await backend.put(BUCKET, KEY, SMALL)
    assert not isinstance(caught.value, OutcomeUnknown)  # it was never told
