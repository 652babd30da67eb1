"""The bottom of the client: signs a request, sends it, and tries again where that helps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, NamedTuple, TypeVar

import aiohttp

from holdall.core.errors import Closed, InvalidArgument, OutcomeUnknown, StoreError, Timeout
from holdall.s3.client.address import Endpoint
from holdall.s3.client.answers import answer_tree
from holdall.s3.client.bodies import Body, Chunk, Sending
from holdall.s3.client.failures import (
    Refusal,
    broken,
    garbled,
    refusal,
    refused,
    sts_refusal,
)
from holdall.s3.client.once import sent_once
from holdall.s3.client.request import Request
from holdall.s3.client.retrying import Failure, Retries, insist
from holdall.s3.client.signed import Signer, made_ready
from holdall.s3.client.values import Answer
from holdall.s3.errors import S3Error
from holdall.s3.federation import LONGEST, StsRequest
from holdall.s3.headers import joined
from holdall.s3.signing import Credentials
from holdall.s3.times import from_http

MAX_ANSWER: Final = 32 * 1024 * 1024
"""Bytes of an answer that is read whole; a full page of the longest keys has a third."""

MAX_REFUSAL: Final = 1024 * 1024
"""Bytes that are read of the body of an error."""

BUFFER: Final = 512 * 1024
"""Bytes received ahead of the reader, for each answer."""

_ADDED_BY_NOBODY: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_UNSIGNED: Final = {"accept-encoding": "identity", "user-agent": "holdall"}
"""Proxies may change these, and would break a signature over them. A body that is stored
compressed must arrive as it is stored."""

Result = TypeVar("Result")


class Patience(NamedTuple):
    """Seconds. `deadline` holds for a request with all its attempts, for a download until
    its bytes begin to come; `idle` is how long the server may be silent."""

    connect: float = 10.0
    idle: float = 60.0
    deadline: float | None = None


class Sender:
    """One connection pool to one endpoint, made when it is first needed."""

    def __init__(
        self,
        endpoint: Endpoint,
        credentials: Credentials | None,
        *,
        region: str,
        session: aiohttp.ClientSession | None,
        connections: int,
        retries: Retries,
        patience: Patience,
    ) -> None:
        self.endpoint = endpoint
        self.credentials = credentials
        self.region = region
        self.retries = retries
        self._session = session
        self._is_ours = session is None
        self._connections = connections
        self._patience = patience
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=patience.connect, sock_read=patience.idle
        )
        self._skew = timedelta()
        self._date: str | None = None  # of the last answer
        self._ahead = timedelta()
        self._closed = False

    def now(self) -> datetime:
        """The time as the server has it, as far as it said so."""
        return datetime.now(UTC) + self._skew

    @property
    def clock_skew(self) -> timedelta:
        """How far the server's clock is ahead of ours, by its last answer; a difference of a
        second or two may be the time that the answer took, and counts as none."""
        return timedelta() if abs(self._ahead) < _SAME_TIME else self._ahead

    async def request(self, request: Request) -> Answer:
        """Send, and read the answer whole. Raises what S3's error is in `holdall.core.errors`."""
        return await self._insist(request, self._whole)

    async def open(self, request: Request) -> aiohttp.ClientResponse:
        """Send, and leave the body of a good answer to be read; whoever asked closes it."""
        return await self._insist(request, self._begun)

    async def exchange(self, request: StsRequest) -> Answer:
        """Ask a token service. What it makes twice ends by itself."""
        attempt = partial(self._exchanged, request)
        return await insist(self.retries, attempt, replayable=True, changes=False)

    async def _exchanged(self, request: StsRequest) -> Answer:
        try:
            async with self._pool().post(
                request.url,
                data=request.body,
                headers=request.headers,
                allow_redirects=False,
                timeout=self._timeout,
                middlewares=(sent_once,),
            ) as response:
                content = await _content(response, LONGEST)
        except (TimeoutError, aiohttp.ClientError) as error:
            raise broken(error, {}, changes=False) from error
        headers = joined(response.headers.items())
        if response.status != 200:
            raise refused(sts_refusal(response.status, content), headers, {})
        return Answer(response.status, headers, content)

    async def aclose(self) -> None:
        self._closed = True
        session, self._session = self._session, None
        if session is not None and self._is_ours:
            await session.close()

    async def _insist(
        self, request: Request, send: Callable[[Request], Awaitable[Result]]
    ) -> Result:
        _check_headers(request.headers)
        try:
            async with asyncio.timeout(self._patience.deadline) as deadline:
                return await insist(
                    self.retries,
                    partial(send, request),
                    replayable=request.body.replayable,
                    changes=request.changes,
                    once=request.once,
                )
        except TimeoutError as error:
            if not deadline.expired():
                raise
            kind = OutcomeUnknown if request.changes else Timeout
            raise kind("The request met its deadline.", **request.facts) from error

    async def _whole(self, request: Request) -> Answer:
        """One attempt that includes the body: one that is cut short or garbled counts as
        failed, and so does an error that hides behind a 200."""
        return await self._ended(request, await self._begun(request))

    async def _ended(self, request: Request, response: aiohttp.ClientResponse) -> Answer:
        async with response:
            try:
                content = await _content(response, MAX_ANSWER)
            except (TimeoutError, aiohttp.ClientError) as error:
                raise broken(error, request.facts, changes=request.changes) from error
        answer = Answer(response.status, joined(response.headers.items()), content)
        if not request.xml:
            return answer
        try:
            tree = answer_tree(content)
        except S3Error as error:
            raise self._late(request, answer) from error
        return Answer(answer.status, answer.headers, content, tree)

    def _late(self, request: Request, answer: Answer) -> Failure:
        said = refusal(answer.status, answer.content)
        if said.code:
            return refused(said, answer.headers, request.facts)
        return garbled(request.facts, changes=request.changes)

    async def _begun(self, request: Request) -> aiohttp.ClientResponse:
        """One attempt, up to the headers of a good answer."""
        skew, response = self._skew, await self._send(request)
        self._note_date(response.headers.get("date"))
        if 200 <= response.status < 300:
            return response
        async with response:
            body = b""
            with suppress(aiohttp.ClientError, asyncio.TimeoutError, StoreError):
                body = await _content(response, MAX_REFUSAL)  # cut short, the status must do
        said, headers = refusal(response.status, body), joined(response.headers.items())
        failure = refused(said, headers, request.facts)
        if said.code == "RequestTimeTooSkewed" or _may_be_skewed(said):
            # Another answer may have set it since this request was signed.
            failure.transient = self._set_clock(headers.get("date")) or self._skew != skew
        raise failure

    async def _send(self, request: Request) -> aiohttp.ClientResponse:
        address = self.endpoint.address(request.bucket, request.key, request.query)
        signer = Signer(self.credentials, self.region, self.now())
        headers, stream = await made_ready(request, address, signer)
        sent = _sent(request.body, stream) if request.changes else None
        try:
            return await self._pool().request(
                request.method,
                address.url,
                headers={**headers, **_UNSIGNED},
                data=sent,
                middlewares=(sent_once,),
                skip_auto_headers=_ADDED_BY_NOBODY,
                allow_redirects=False,
                auto_decompress=False,
                read_bufsize=BUFFER,
                timeout=self._timeout,
            )
        except (TimeoutError, aiohttp.ClientError) as error:
            if isinstance(sent, Sending) and sent.failed is not None:
                raise sent.failed from None
            raise broken(error, request.facts, changes=request.changes) from error

    def _note_date(self, date: str | None) -> None:
        if date is None or date == self._date:
            return
        self._date = date
        theirs = from_http(date)
        if theirs is not None:
            self._ahead = theirs - datetime.now(UTC)

    def _set_clock(self, date: str | None) -> bool:
        """Go by the server's clock from now on; whether that changes anything."""
        theirs = None if date is None else from_http(date)
        if theirs is None or abs(theirs - self.now()) < _TOLERANCE:
            return False
        self._skew = theirs - datetime.now(UTC)
        return True

    def _pool(self) -> aiohttp.ClientSession:
        if self._closed:
            raise Closed("the client is closed")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _sent(body: Body, stream: AsyncIterable[Chunk]) -> bytes | Sending | None:
    """What aiohttp is given: bytes, and nothing where there are none, cost it no task, and a
    task for nothing would fail unheard where the connection breaks."""
    if not body.is_short or body.held is None:
        return Sending(stream)
    return b"".join(body.held) or None


_TOLERANCE: Final = timedelta(seconds=30)
_SAME_TIME: Final = timedelta(seconds=2)


def _may_be_skewed(said: Refusal) -> bool:
    """A HEAD is refused without a word, for this reason or another."""
    return said.status == 403 and not said.code


async def _content(response: aiohttp.ClientResponse, limit: int) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > limit:
            raise StoreError("the answer is longer than any that S3 documents", expected=limit)
    return bytes(content)


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not name.isascii() or not value.isascii() or not (name + value).isprintable():
            raise InvalidArgument(f"the header {name!a} is not printable ASCII", header=name)
