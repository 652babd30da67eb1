"""Requests to a control plane that does not answer as it should."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from holdall.backends.remote import RemoteBackend
from holdall.backends.remote.control import Access, Control
from holdall.backends.remote.failures import kind
from holdall.core import errors
from holdall.core.errors import (
    Busy,
    Closed,
    Conflict,
    HoldallError,
    InvalidArgument,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    StoreError,
)
from holdall.s3.client import Retries
from holdall.s3.signing import Credentials
from holdall.s3.times import to_http

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Script:
    """A server that gives these answers in turn; the last one for ever."""

    answers: list[Answer]
    seen: list[web.Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        await request.read()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)


def problem(status: int, code: str, **headers: str) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        body = {"status": status, "code": code, "detail": f"{code}, as it is.", "faults": []}
        return web.json_response(body, status=status, headers={"x-amz-request-id": "ID", **headers})

    return answer


async def good(request: web.Request) -> web.StreamResponse:
    return web.json_response({"fine": True})


async def gone(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def text(body: str, status: int = 200) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=body, status=status)

    return answer


Making = Callable[..., Awaitable[tuple[Control, Script]]]


@pytest.fixture
async def make() -> AsyncIterator[Making]:
    closing: list[Callable[[], Awaitable[None]]] = []

    async def made(*answers: Answer) -> tuple[Control, Script]:
        script = Script(list(answers))
        app = web.Application()
        app.router.add_route("*", "/{any:.*}", script.handle)
        server = TestServer(app)
        await server.start_server()
        access = Access(str(server.make_url("")).rstrip("/"), Credentials("AKID", "the secret"))
        control = Control(access, retries=Retries(attempts=3, first=0.001))
        closing.extend([control.aclose, server.close])
        return control, script

    yield made
    for close in closing:
        await close()


@pytest.mark.parametrize("fault", [gone, problem(503, "SlowDown"), problem(500, "InternalError")])
async def test_a_look_is_repeated(make: Making, fault: Answer) -> None:
    control, script = await make(fault, good)
    assert await control.get("/x") == {"fine": True}
    assert len(script.seen) == 2


async def test_a_change_is_repeated_when_nothing_was_done(make: Making) -> None:
    control, script = await make(problem(503, "SlowDown", **{"retry-after": "0"}), good)
    assert await control.post("/x", {"a": 1}) == {"fine": True}
    assert len(script.seen) == 2


async def test_a_change_whose_answer_was_lost_is_not_repeated(make: Making) -> None:
    control, script = await make(gone, good)
    with pytest.raises(OutcomeUnknown):
        await control.post("/x", {"a": 1}, bucket="b")
    assert len(script.seen) == 1


@pytest.mark.parametrize(
    "fault",
    [problem(500, "InternalError"), problem(502, "BadGateway"), text("<html>", 504)],
)
async def test_a_proxy_that_lost_the_server_is_not_asked_to_change_twice(
    make: Making, fault: Answer
) -> None:
    control, script = await make(fault, good)
    with pytest.raises(OutcomeUnknown) as caught:
        await control.post("/x", bucket="b")
    assert len(script.seen) == 1
    assert caught.value.bucket == "b"
    with pytest.raises(StoreError) as looked:
        control, script = await make(fault)
        await control.get("/x")
    assert not isinstance(looked.value, OutcomeUnknown), "a look changes nothing"


async def test_patience_has_an_end(make: Making) -> None:
    control, script = await make(problem(503, "SlowDown"))
    with pytest.raises(Busy) as caught:
        await control.get("/x", bucket="b", key="k")
    assert len(script.seen) == 3
    error = caught.value
    assert (error.request_id, error.bucket, error.key, error.status) == ("ID", "b", "k", 503)


async def test_a_server_that_asks_for_too_much_patience_is_left_alone(make: Making) -> None:
    control, script = await make(problem(503, "SlowDown", **{"retry-after": "3600"}))
    with pytest.raises(Busy):
        await control.get("/x")
    assert len(script.seen) == 1


async def test_a_clock_that_is_wrong_is_put_right(make: Making) -> None:
    theirs = datetime.now(UTC) + timedelta(hours=1)
    late = problem(403, "RequestTimeTooSkewed", date=to_http(theirs))
    control, script = await make(late, good)
    assert await control.post("/x") == {"fine": True}
    first, second = (request.headers["x-amz-date"] for request in script.seen)
    assert int(second[9:11]) == (int(first[9:11]) + 1) % 24


async def test_an_answer_that_is_no_document(make: Making) -> None:
    control, script = await make(text("<html>"), good)
    assert await control.get("/x") == {"fine": True}
    control, script = await make(text("<html>"), good)
    with pytest.raises(OutcomeUnknown):
        await control.post("/x")
    assert len(script.seen) == 1
    control, _ = await make(text(""))
    assert await control.post("/x") is None


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ("", 404, NotFound),
        ("[]", 403, PermissionDenied),
        ('{"code": 5, "faults": 7}', 409, Conflict),
        ('{"code": "__name__", "detail": "x"}', 400, InvalidArgument),
        ('{"code": "Any", "faults": [{"where": "body"}]}', 422, InvalidArgument),
        ("", 302, InvalidArgument),
    ],
)
async def test_answers_of_strangers(
    make: Making, body: str, status: int, expected: type[HoldallError]
) -> None:
    control, _ = await make(text(body, status))
    with pytest.raises(expected):
        await control.get("/x")


async def test_a_server_that_is_none_of_ours(make: Making) -> None:
    control, script = await make(good)
    backend = RemoteBackend(control.access)
    for call in (backend.get_bucket("box"), backend.usage("box"), backend.head("box", "k")):
        with pytest.raises(StoreError, match="is this a Holdall server"):
            await call
    assert len(script.seen) == 3
    await backend.aclose()


async def test_nobody_there(make: Making) -> None:
    access = Access("http://127.0.0.1:9", Credentials("A", "the secret"))
    control = Control(access, retries=Retries(attempts=2, first=0.001))
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        await control.post("/x")
    assert "the secret" not in f"{caught.value}{access!r}"
    await control.aclose()
    await control.aclose()
    with pytest.raises(Closed):
        await control.get("/x")


async def test_a_list_goes_on_page_by_page(make: Making) -> None:
    first, last = '{"items": [1, 2], "next": "b c"}', '{"items": [3], "next": null}'
    control, script = await make(text(first), text(last))
    assert [item async for item in control.every("/x", {"a": "ü/"})] == [1, 2, 3]
    assert [request.query.get("after") for request in script.seen] == [None, "b c"]


def test_every_error_is_known_by_its_name() -> None:
    for name in ("BlobNotFound", "HistoryGone", "Locked", "StorageFull", "PartTooSmall"):
        assert kind(name) is getattr(errors, name)
    assert kind("NoSuchKey") is errors.BlobNotFound
    assert kind("ClassVar", 400) is InvalidArgument
