"""Small requests that wait for their turn, sent together.

A server of ours takes many of them at once (`holdall.s3.batches`). A request that finds a free
lane goes alone and at once, as ever; what comes while all lanes are taken waits, and then goes
as one batch. So nobody waits for others to come, and the more there is to do, the more of it
travels together.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from functools import cached_property, partial
from typing import Any, Final, NamedTuple, TypeAlias

from holdall.core.errors import Closed, OutcomeUnknown, StoreError
from holdall.s3 import batches
from holdall.s3.batches import LONGEST, MEDIA_TYPE, MOST, Part
from holdall.s3.client.bodies import Body
from holdall.s3.client.failures import Refusal, garbled, refusal, refused
from holdall.s3.client.request import Request
from holdall.s3.client.retrying import Failure
from holdall.s3.client.sender import Sender
from holdall.s3.client.values import Answer

LANES: Final = 2
"""Requests or batches under way at once. One is prepared while the server is at another."""
FULL: Final = 1_000_000
"""Bytes of a batch. Some proxies take no more than a MiB."""
_UNKNOWN: Final = frozenset({404, 405, 501})
"""How a server answers that knows of no batches."""
_NOT_BEGUN: Final = _UNKNOWN | {400, 413}
"""How one answers, or a proxy before it, that did nothing of a batch and would not later."""
_PLACE: Final = batches.PATH.strip("/").partition("/")


class BatchingSender(Sender):
    """Sends what is small by turns, and all else as `Sender` does."""

    @cached_property
    def _lanes(self) -> Lanes:
        return Lanes(self._alone, self._packed, self._together)

    async def _whole(self, request: Request) -> Answer:
        if not is_small(request):
            return await super()._whole(request)
        answer = await self._lanes.send(request)
        if 200 <= answer.status < 300:
            return answer
        raise refused(refusal(answer.status, answer.content), answer.headers, request.facts)

    async def _alone(self, request: Request) -> Answer:
        response = await self._begun(request)
        length = response.content_length
        if not request.small or (length is not None and length <= LONGEST):
            return await self._ended(request, response)
        response.close()
        raise refused(Refusal(413), {}, request.facts)

    def _packed(self, request: Request) -> bytes | None:
        """None for what goes into no batch."""
        address = self.endpoint.address(request.bucket, request.key, request.query)
        said = {"method": request.method, "path": address.path, "query": address.query}
        held = b"".join(request.body.held or ())
        try:
            return batches.packed(Part({**said, "headers": dict(request.headers)}, held))
        except ValueError:
            return None

    async def _together(self, parts: Sequence[bytes]) -> Sequence[Answer]:
        bucket, _, key = _PLACE
        headers, body = {"content-type": MEDIA_TYPE}, Body.of(b"".join(parts))
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
    if type(said["status"]) is not int:
        raise ValueError("an answer has no status")
    return Answer(said["status"], {**shared, **said["headers"]}, content)


def is_small(request: Request) -> bool:
    """Whether it writes an object of few bytes, or expects to read one."""
    if request.small:
        return True
    if request.method != "PUT" or request.key is None or request.query or request.xml:
        return False
    return request.body.held is not None and request.body.size <= LONGEST


class _Waiting(NamedTuple):
    request: Request
    part: bytes
    answer: asyncio.Future[Answer | None]
    """None: it has to go alone."""


Alone: TypeAlias = Callable[[Request], Awaitable[Answer]]
Packed: TypeAlias = Callable[[Request], bytes | None]
Together: TypeAlias = Callable[[Sequence[bytes]], Coroutine[Any, Any, Sequence[Answer]]]


class Lanes:
    """Requests on their way, alone or together. Those that wait leave in the order they came."""

    def __init__(self, alone: Alone, packed: Packed, together: Together) -> None:
        self._alone = alone
        self._packed = packed
        self._together = together
        self._taken = 0
        self._waiting = deque[_Waiting]()
        self._batches = set[asyncio.Task[Sequence[Answer]]]()
        self._takes_batches = True

    async def send(self, request: Request) -> Answer:
        """`Failure`, of this request alone."""
        if self._takes_batches and self._taken >= LANES:
            part = self._packed(request)
            answer = None if part is None else await self._wait(request, part)
            if answer is not None:
                return answer
        self._taken += 1
        try:
            return await self._alone(request)
        finally:
            self._leave()

    async def _wait(self, request: Request, part: bytes) -> Answer | None:
        answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(request, part, answer))
        return await answer

    def _leave(self) -> None:
        """A lane is free: whoever waits takes it."""
        self._taken -= 1
        chosen = list(self._chosen())
        if len(chosen) == 1 or not self._takes_batches:
            for waiting in chosen:
                waiting.answer.set_result(None)
        elif chosen:
            self._start(chosen)

    def _chosen(self) -> Iterator[_Waiting]:
        count = size = 0
        while self._waiting and count < MOST and size + len(self._waiting[0].part) <= FULL:
            waiting = self._waiting.popleft()
            if not waiting.answer.done():  # else it was cancelled
                count, size = count + 1, size + len(waiting.part)
                yield waiting

    def _start(self, chosen: Sequence[_Waiting]) -> None:
        self._taken += 1
        parts = [waiting.part for waiting in chosen]
        batch = asyncio.get_running_loop().create_task(self._together(parts))
        self._batches.add(batch)
        batch.add_done_callback(partial(self._arrived, chosen))

    def _arrived(self, chosen: Sequence[_Waiting], batch: asyncio.Task[Sequence[Answer]]) -> None:
        self._batches.discard(batch)
        error = _CLOSED if batch.cancelled() else batch.exception()
        status = error.error.status if isinstance(error, Failure) else None
        if status in _UNKNOWN:
            self._takes_batches = False
        for number, waiting in enumerate(chosen):
            if waiting.answer.done():  # nobody waits for it any more
                continue
            if error is None:
                waiting.answer.set_result(batch.result()[number])
            elif status in _NOT_BEGUN:
                waiting.answer.set_result(None)
            elif isinstance(error, Failure):
                waiting.answer.set_exception(_told_to(waiting.request, error))
            else:
                waiting.answer.set_exception(error)
        self._leave()

    async def aclose(self) -> None:
        """Who waits for a lane is told that it is over; what is under way is in doubt."""
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.answer.done():
                waiting.answer.set_exception(Closed("the client is closed"))
        for batch in self._batches:
            batch.cancel()
        await asyncio.gather(*self._batches, return_exceptions=True)


_CLOSED: Final = Failure(OutcomeUnknown("The client was closed meanwhile."), unsure=True)


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
