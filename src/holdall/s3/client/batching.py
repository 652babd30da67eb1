"""Small requests that wait for their turn, sent together.

A server of ours takes many of them at once (`holdall.s3.batches`). A request that finds a free
lane goes alone and at once, as ever; what comes while all lanes are taken waits, and then goes
as one batch. So nobody waits for others to come, and the more there is to do, the more of it
travels together.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

from holdall.core.errors import Closed, OutcomeUnknown, StoreError
from holdall.s3 import batches
from holdall.s3.batches import LONGEST, MEDIA_TYPE, MOST, Part
from holdall.s3.client.bodies import Body
from holdall.s3.client.failures import garbled
from holdall.s3.client.request import Request
from holdall.s3.client.retrying import Failure
from holdall.s3.client.sender import Sender
from holdall.s3.client.values import Answer

LANES: Final = 2
"""Requests or batches under way at once. One is prepared while the server is at another."""
_UNKNOWN: Final = frozenset({404, 405, 501})
"""How a server answers that knows of no batches."""
_PLACE: Final = batches.PATH.strip("/").partition("/")


class BatchingSender(Sender):
    """Sends what is small by turns, and all else as `Sender` does."""

    @cached_property
    def _lanes(self) -> Lanes:
        return Lanes(super()._whole, self._part, self._together)

    async def _whole(self, request: Request) -> Answer:
        if not is_small(request):
            return await super()._whole(request)
        answer = await self._lanes.send(request)
        if 200 <= answer.status < 300:
            return answer
        if answer.status == 413 and not request.changes:  # too much for a batch
            return await super()._whole(request)
        raise self._refused(answer, request)

    def _part(self, request: Request) -> Part:
        address = self.endpoint.address(request.bucket, request.key, request.query)
        said = {"method": request.method, "path": address.path, "query": address.query}
        held = b"".join(request.body.held or ())
        return Part({**said, "headers": dict(request.headers)}, held)

    async def _together(self, parts: Sequence[Part]) -> Sequence[Answer]:
        bucket, _, key = _PLACE
        headers, body = {"content-type": MEDIA_TYPE}, Body.of(batches.pack(parts))
        answer = await super()._whole(Request("POST", bucket, key, (), headers, body))
        try:
            answers = [_answer(part, answer) for part in batches.unpack(answer.content)]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise garbled({}, changes=True) from None
        if len(answers) != len(parts):
            raise garbled({}, changes=True)
        return answers

    async def aclose(self) -> None:
        await self._lanes.aclose()
        await super().aclose()


def _answer(part: Part, batch: Answer) -> Answer:
    said, content = part
    shared = {"date": batch.headers.get("date", ""), "content-length": str(len(content))}
    return Answer(int(said["status"]), {**shared, **said["headers"]}, content)


def is_small(request: Request) -> bool:
    """Whether it writes or reads a whole object of few bytes. Who reads many streams them."""
    if request.xml or request.key is None or request.method not in ("GET", "PUT"):
        return False
    if any(name != "versionId" for name, _ in request.query) or "range" in request.headers:
        return False
    return request.body.held is not None and request.body.size <= LONGEST


class _Waiting(NamedTuple):
    request: Request
    part: Part
    answer: asyncio.Future[Answer | None]
    """None: it has to go alone."""


Alone: TypeAlias = Callable[[Request], Awaitable[Answer]]
Together: TypeAlias = Callable[[Sequence[Part]], Awaitable[Sequence[Answer]]]


class Lanes:
    """Requests on their way, alone or together. Those that wait leave in the order they came."""

    def __init__(self, alone: Alone, packed: Callable[[Request], Part], together: Together) -> None:
        self._alone = alone
        self._packed = packed
        self._together = together
        self._taken = 0
        self._waiting = deque[_Waiting]()
        self._batches = set[asyncio.Task[None]]()
        self._takes_batches = True

    async def send(self, request: Request) -> Answer:
        """`Failure`, of this request alone."""
        if self._takes_batches and self._taken >= LANES:
            answer = await self._wait(request)
            if answer is not None:
                return answer
        self._taken += 1
        try:
            return await self._alone(request)
        finally:
            self._leave()

    async def _wait(self, request: Request) -> Answer | None:
        answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(request, self._packed(request), answer))
        return await answer

    def _leave(self) -> None:
        """A lane is free: whoever waits takes it."""
        self._taken -= 1
        chosen = list[_Waiting]()
        while self._waiting and len(chosen) < MOST:
            waiting = self._waiting.popleft()
            if not waiting.answer.done():  # else it was cancelled
                chosen.append(waiting)
        if len(chosen) == 1 or not self._takes_batches:
            for waiting in chosen:
                waiting.answer.set_result(None)
        elif chosen:
            self._start(chosen)

    def _start(self, chosen: Sequence[_Waiting]) -> None:
        self._taken += 1
        batch = asyncio.get_running_loop().create_task(self._carry(chosen))
        self._batches.add(batch)
        batch.add_done_callback(self._batches.discard)

    async def _carry(self, chosen: Sequence[_Waiting]) -> None:
        try:
            answers = await self._together([waiting.part for waiting in chosen])
        except Failure as failure:
            self._takes_batches = failure.error.status not in _UNKNOWN
            for waiting in chosen:
                told = _told_to(waiting.request, failure) if self._takes_batches else None
                _settle(waiting, told)
        except Exception as error:
            for waiting in chosen:
                _settle(waiting, error)
        else:
            for waiting, answer in zip(chosen, answers, strict=True):
                _settle(waiting, answer)
        finally:
            for waiting in chosen:
                _settle(waiting, Closed("the client is closed"))
            self._leave()

    async def aclose(self) -> None:
        """Whoever waits is told that it is over."""
        while self._waiting:
            _settle(self._waiting.popleft(), Closed("the client is closed"))
        for batch in self._batches:
            batch.cancel()
        await asyncio.gather(*self._batches, return_exceptions=True)


def _settle(waiting: _Waiting, outcome: Answer | Exception | None) -> None:
    """Unless it is settled, or nobody waits for it any more."""
    if waiting.answer.done():
        return
    if isinstance(outcome, Exception):
        waiting.answer.set_exception(outcome)
    else:
        waiting.answer.set_result(outcome)


def _told_to(request: Request, failure: Failure) -> Failure:
    """What became of the batch, as what became of one request in it."""
    kind, facts = type(failure.error), {**failure.error.facts, **request.facts}
    if kind is OutcomeUnknown and not request.changes:
        kind = StoreError
    told = Failure(
        kind(failure.error.message, **facts),
        transient=failure.transient,
        unsure=failure.unsure,
        after=failure.after,
    )
    told.__cause__ = failure.__cause__
    return told
