"""Who goes alone, who goes together, and what each of them is told in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest

from holdall.core.errors import (
    Closed,
    HoldallError,
    InvalidKey,
    NotFound,
    OutcomeUnknown,
    StoreError,
)
from holdall.s3.batches import LONGEST, MOST, Part, packed, unpack
from holdall.s3.client.batching import FULL, LANES, Lanes, is_small
from holdall.s3.client.bodies import Body
from holdall.s3.client.request import Request
from holdall.s3.client.retrying import Failure
from holdall.s3.client.values import Answer


def request(name: int, method: str = "PUT") -> Request:
    return Request(method, "box", str(name), body=Body.of(b"x"))


class Server:
    """Answers with the key that was asked for, when `gate` is open."""

    def __init__(self) -> None:
        self.alone = list[str]()
        self.together = list[list[str]]()
        self.gate = asyncio.Event()
        self.failure: Exception | None = None

    async def take(self, request: Request) -> Answer:
        self.alone.append(request.key or "")
        await self.gate.wait()
        return Answer(200, {}, (request.key or "").encode())

    async def take_many(self, parts: Sequence[bytes]) -> Sequence[Answer]:
        keys = [part.said["key"] for part in unpack(b"".join(parts))]
        self.together.append(keys)
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return [Answer(200, {}, key.encode()) for key in keys]

    @property
    def lanes(self) -> Lanes:
        return Lanes(self.take, part_of, self.take_many)


def part_of(request: Request) -> bytes | None:
    if request.key == "bad":
        raise InvalidKey("a bad key")
    if request.key == "much":
        return None
    return packed(Part({"key": request.key}, bytes(request.body.size)))


async def started(lanes: Lanes, requests: Sequence[Request]) -> list[asyncio.Task[Answer]]:
    tasks = [asyncio.create_task(lanes.send(each)) for each in requests]
    await settled()
    return tasks


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def outcome(task: asyncio.Task[Answer]) -> str | HoldallError:
    try:
        return (await task).content.decode()
    except Failure as failure:
        return failure.error
    except HoldallError as error:
        return error


async def test_the_first_go_alone_and_the_rest_together() -> None:
    server = Server()
    tasks = await started(server.lanes, [request(n) for n in range(10)])
    assert (server.alone, server.together) == (["0", "1"], [])
    server.gate.set()
    assert [await outcome(task) for task in tasks] == [str(n) for n in range(10)]
    assert server.together == [[str(n) for n in range(LANES, 10)]]


async def test_one_that_waits_by_itself_goes_alone() -> None:
    server = Server()
    tasks = await started(server.lanes, [request(n) for n in range(LANES + 1)])
    server.gate.set()
    assert [await outcome(task) for task in tasks] == [str(n) for n in range(LANES + 1)]
    assert server.together == []


async def test_nobody_waits_where_a_lane_is_free() -> None:
    server = Server()
    server.gate.set()
    lanes = server.lanes
    for name in range(5):
        assert (await lanes.send(request(name))).content == str(name).encode()
    assert (len(server.alone), server.together) == (5, [])


async def test_a_batch_has_a_limit_and_keeps_the_order() -> None:
    server = Server()
    tasks = await started(server.lanes, [request(n) for n in range(LANES + 3 * MOST)])
    server.gate.set()
    await asyncio.gather(*tasks)
    assert [len(each) for each in server.together] == [MOST] * 3
    sent = [key for batch in server.together for key in batch]
    assert sent == [str(n) for n in range(LANES, LANES + 3 * MOST)]


async def test_each_is_told_of_a_failure_in_its_own_name() -> None:
    server = Server()
    facts = {"bucket": "api", "key": "v1/batch", "code": "SlowDown", "status": 503}
    lost = OutcomeUnknown("No answer came in time.", **facts)
    server.failure = Failure(lost, transient=True, unsure=True, after=3.0)
    lanes = server.lanes
    await started(lanes, [request(n) for n in range(LANES)])
    waiting = await started(lanes, [request(7), request(8, "GET")])
    server.gate.set()
    failures = [await failed(task) for task in waiting]
    assert [type(each.error) for each in failures] == [OutcomeUnknown, StoreError]
    assert [each.error.key for each in failures] == ["7", "8"]
    assert {each.error.bucket for each in failures} == {"box"}
    assert {(each.transient, each.unsure, each.after) for each in failures} == {(True, True, 3.0)}


async def failed(task: asyncio.Task[Answer]) -> Failure:
    with pytest.raises(Failure) as raised:
        await task
    return raised.value


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_server_that_knows_no_batches_is_sent_none(status: int) -> None:
    server = Server()
    server.failure = Failure(NotFound("?", status=status))
    lanes = server.lanes
    tasks = await started(lanes, [request(n) for n in range(8)])
    server.gate.set()
    assert [await outcome(task) for task in tasks] == [str(n) for n in range(8)]
    more = await started(lanes, [request(n) for n in range(8)])
    assert [await outcome(task) for task in more] == [str(n) for n in range(8)]
    assert len(server.together) == 1


@pytest.mark.parametrize("status", [400, 413])
async def test_a_batch_that_was_not_begun_goes_one_by_one(status: int) -> None:
    server = Server()
    server.failure = Failure(NotFound("?", status=status))
    lanes = server.lanes
    tasks = await started(lanes, [request(n) for n in range(8)])
    server.gate.set()
    assert [await outcome(task) for task in tasks] == [str(n) for n in range(8)]
    server.failure = None
    server.gate.clear()
    more = await started(lanes, [request(n) for n in range(8)])
    server.gate.set()
    assert [await outcome(task) for task in more] == [str(n) for n in range(8)]
    assert [len(batch) for batch in server.together] == [8 - LANES] * 2


async def test_a_batch_is_no_larger_than_a_proxy_takes() -> None:
    server = Server()
    lanes = server.lanes
    first = await started(lanes, [request(n) for n in range(LANES)])
    bodies = [Request("PUT", "box", str(n), body=Body.of(bytes(LONGEST))) for n in range(60)]
    tasks = await started(lanes, bodies)
    server.gate.set()
    assert [await outcome(task) for task in tasks] == [str(n) for n in range(60)]
    assert max(map(len, server.together)) == FULL // (LONGEST + 50)
    await asyncio.gather(*first)


async def test_what_goes_into_no_batch_does_not_wait() -> None:
    server = Server()
    lanes = server.lanes
    tasks = await started(lanes, [request(n) for n in range(LANES + 2)])
    (much,) = await started(lanes, [Request("PUT", "box", "much", body=Body.of(b"x"))])
    assert server.alone == ["0", "1", "much"]
    server.gate.set()
    assert [await outcome(task) for task in [*tasks, much]] == ["0", "1", "2", "3", "much"]


async def test_an_error_in_one_is_its_own() -> None:
    server = Server()
    lanes = server.lanes
    before = await started(lanes, [request(n) for n in range(LANES)])
    bad = Request("PUT", "box", "bad", body=Body.of(b"x"))
    tasks = await started(lanes, [request(5), bad, request(6)])
    server.gate.set()
    found = [await outcome(task) for task in tasks]
    assert (found[0], found[2]) == ("5", "6")
    assert isinstance(found[1], InvalidKey)
    await asyncio.gather(*before)


@pytest.mark.parametrize("error", [ValueError("odd"), Closed("the client is closed")])
async def test_whatever_stops_a_batch_is_told_to_all(error: Exception) -> None:
    server = Server()
    server.failure = error
    lanes = server.lanes
    before = await started(lanes, [request(n) for n in range(LANES)])
    tasks = await started(lanes, [request(n) for n in (5, 6)])
    server.gate.set()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in found] == [type(error)] * 2
    await asyncio.gather(*before)


async def test_who_gave_up_waiting_is_not_sent() -> None:
    server = Server()
    lanes = server.lanes
    before = await started(lanes, [request(n) for n in range(LANES)])
    tasks = await started(lanes, [request(n) for n in (5, 6, 7)])
    tasks[1].cancel()
    await settled()
    server.gate.set()
    assert [await outcome(tasks[0]), await outcome(tasks[2])] == ["5", "7"]
    assert server.together == [["5", "7"]]
    await asyncio.gather(*before)


async def test_who_gives_up_on_the_way_does_not_stop_the_others() -> None:
    server = Server()
    lanes = server.lanes
    tasks = await started(lanes, [request(n) for n in range(LANES + 3)])
    tasks[0].cancel()
    await settled()
    assert server.together == [["2", "3", "4"]]
    tasks[3].cancel()
    server.gate.set()
    assert [await outcome(tasks[n]) for n in (1, 2, 4)] == ["1", "2", "4"]
    with suppress(asyncio.CancelledError):
        await tasks[3]
    assert [await outcome(each) for each in await started(lanes, [request(9)])] == ["9"]


async def test_when_it_is_closed_nobody_waits_for_ever() -> None:
    server = Server()
    lanes = server.lanes
    tasks = await started(lanes, [request(n) for n in range(LANES + 2)])
    tasks[0].cancel()
    await settled()
    waiting = await started(lanes, [request(9)])
    await lanes.aclose()
    in_doubt = [await failed(task) for task in tasks[LANES:]]
    assert [type(each.error) for each in in_doubt] == [OutcomeUnknown] * 2
    assert {(each.transient, each.unsure) for each in in_doubt} == {(False, True)}
    with pytest.raises(Closed):
        await waiting[0]
    tasks[1].cancel()
    await settled()


def object_of(size: int) -> Request:
    return Request("PUT", "box", "k", body=Body.of(bytes(size)))


SMALL: dict[str, Callable[[], Request]] = {
    "few bytes": lambda: object_of(LONGEST),
    "no bytes": lambda: object_of(0),
    "an object that is": lambda: Request("GET", "box", "k", small=True),
    "a version": lambda: Request("GET", "box", "k", (("versionId", "v"),), small=True),
}
OTHER: dict[str, Callable[[], Request]] = {
    "any object": lambda: Request("GET", "box", "k"),
    "many bytes": lambda: object_of(LONGEST + 1),
    "a stream": lambda: Request("PUT", "box", "k", body=Body.stream(b"x", 1)),
    "a bucket": lambda: Request("PUT", "box"),
    "tags": lambda: Request("PUT", "box", "k", (("tagging", ""),)),
    "a part": lambda: Request("PUT", "box", "k", (("partNumber", "1"), ("uploadId", "u"))),
    "a range": lambda: Request("GET", "box", "k", headers={"range": "bytes=0-1"}),
    "a listing": lambda: Request("GET", "box", xml=True),
    "a head": lambda: Request("HEAD", "box", "k"),
    "a deletion": lambda: Request("DELETE", "box", "k"),
    "a copy": lambda: Request("PUT", "box", "k", headers={"x-amz-copy-source": "/a/b"}, xml=True),
}


@pytest.mark.parametrize("what", SMALL)
def test_what_is_small(what: str) -> None:
    assert is_small(SMALL[what]())


@pytest.mark.parametrize("what", OTHER)
def test_what_is_not(what: str) -> None:
    assert not is_small(OTHER[what]())
