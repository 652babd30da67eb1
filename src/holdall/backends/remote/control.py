"""Requests to a server's control plane: signed, retried where that is safe, answered in JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

from holdall.backends.remote.failures import refused
from holdall.core.errors import Closed, StoreError
from holdall.s3.client import Patience, Retries
from holdall.s3.client.client import PATIENCE, RETRIES
from holdall.s3.client.failures import broken, garbled
from holdall.s3.client.once import sent_once
from holdall.s3.client.retrying import Failure, insist
from holdall.s3.headers import joined
from holdall.s3.signing import Credentials, sign_headers
from holdall.s3.times import from_http

PREFIX: Final = "/api/v1"
PAGE: Final = 1000
_TOLERANCE: Final = timedelta(seconds=30)
_NONE: Final[Mapping[str, Any]] = {}

Json = Any
"""A document as `json` reads it."""


class Document(dict[str, Any]):
    """What a server answered. It tells by itself when the server is none of ours."""

    def __missing__(self, name: str) -> Any:
        raise StoreError(f"The answer says nothing of {name!r}: is this a Holdall server?")


@dataclass(frozen=True, slots=True)
class Access:
    """A server, and in whose name it is asked."""

    endpoint: str
    credentials: Credentials = field(repr=False)
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    query: str
    body: bytes
    facts: Mapping[str, Any]
    changes: bool


class Control:
    """The control plane of one server. Constructed without I/O; closed with `aclose`. A
    `session` that is handed in is never closed.

    What only looks is asked again after any failure that may pass; a change only where the
    server says that nothing was done. `OutcomeUnknown` where an answer to a change was lost, or
    says that the server failed.
    """

    def __init__(
        self,
        access: Access,
        *,
        retries: Retries = RETRIES,
        patience: Patience = PATIENCE,
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        self.access = access
        self._retries = retries
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=patience.connect, sock_read=patience.idle
        )
        self._session = session
        self._is_ours = session is None
        self._closed = False
        self._skew = timedelta()

    async def aclose(self) -> None:
        """Let go of the connections. Harmless when repeated."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None and self._is_ours:
            await session.close()

    async def get(self, path: str, query: Mapping[str, Any] = _NONE, **facts: Any) -> Json:
        """Look at something. Parameters that are None are left out."""
        return await self._insist(_Request("GET", path, _query(query), b"", facts, False))

    async def post(self, path: str, body: Mapping[str, Any] = _NONE, **facts: Any) -> Json:
        """Change something. None for an answer without a document."""
        return await self.send("POST", path, body, **facts)

    async def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] = _NONE,
        query: Mapping[str, Any] = _NONE,
        **facts: Any,
    ) -> Json:
        """The same with another method."""
        packed = json.dumps(body).encode() if body else b""
        return await self._insist(_Request(method, path, _query(query), packed, facts, True))

    async def every(
        self, path: str, query: Mapping[str, Any] = _NONE
    ) -> AsyncGenerator[Json, None]:
        """All of a list, page by page."""
        after: str | None = ""
        while after is not None:
            page = await self.get(path, {**query, "after": after or None, "limit": PAGE})
            for item in page["items"]:
                yield item
            after = page["next"]

    @asynccontextmanager
    async def opened(
        self, path: str, query: Mapping[str, Any] = _NONE, **facts: Any
    ) -> AsyncGenerator[aiohttp.StreamReader, None]:
        """Look at something that comes bit by bit; only its beginning is asked for again."""
        request = _Request("GET", path, _query(query), b"", facts, False)
        response = await insist(
            self._retries, lambda: self._begun(request), replayable=True, changes=False
        )
        try:
            yield response.content
        except (TimeoutError, aiohttp.ClientError) as error:
            raise broken(error, facts, changes=False).error from error
        finally:
            response.close()

    async def _begun(self, request: _Request) -> aiohttp.ClientResponse:
        try:
            response = await self._pool().request(
                request.method,
                self._url(request),
                headers=self._signed(request),
                allow_redirects=False,
                timeout=self._timeout,
                middlewares=(sent_once,),
            )
            if response.status < 300:
                return response
            content = await response.read()
        except (TimeoutError, aiohttp.ClientError) as error:
            raise broken(error, request.facts, changes=False) from error
        raise self._refused(response.status, joined(response.headers.items()), content, request)

    async def _insist(self, request: _Request) -> Json:
        return await insist(
            self._retries,
            lambda: self._attempt(request),
            replayable=True,
            changes=request.changes,
            once=request.changes,
        )

    async def _attempt(self, request: _Request) -> Json:
        try:
            async with self._pool().request(
                request.method,
                self._url(request),
                data=request.body or None,
                headers=self._signed(request),
                allow_redirects=False,
                timeout=self._timeout,
                middlewares=(sent_once,),
            ) as response:
                content = await response.read()
        except (TimeoutError, aiohttp.ClientError) as error:
            raise broken(error, request.facts, changes=request.changes) from error
        headers = joined(response.headers.items())
        if response.status >= 300:
            raise self._refused(response.status, headers, content, request)
        return _document(content, request)

    def _refused(
        self, status: int, headers: Mapping[str, str], content: bytes, request: _Request
    ) -> Failure:
        failure = refused(status, headers, content, request.facts)
        if failure.error.code == "RequestTimeTooSkewed":
            failure.transient = self._set_clock(headers.get("date"))
        return failure

    def _set_clock(self, date: str | None) -> bool:
        """Go by the server's clock from now on; whether that changes anything."""
        theirs = None if date is None else from_http(date)
        if theirs is None or abs(theirs - self._now()) < _TOLERANCE:
            return False
        self._skew = theirs - datetime.now(UTC)
        return True

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._skew

    def _url(self, request: _Request) -> URL:
        query = f"?{request.query}" if request.query else ""
        return URL(f"{self.access.endpoint}{PREFIX}{request.path}{query}", encoded=True)

    def _signed(self, request: _Request) -> dict[str, str]:
        access, host = self.access, {"host": urlsplit(self.access.endpoint).netloc}
        signed = sign_headers(
            access.credentials,
            request.method,
            f"{PREFIX}{request.path}",
            request.query,
            host,
            hashlib.sha256(request.body).hexdigest(),
            access.region,
            "holdall",
            self._now(),
        )
        return {**host, **signed, "accept": "application/json", "content-type": "application/json"}

    def _pool(self) -> aiohttp.ClientSession:
        if self._closed:
            raise Closed("the client is closed")
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self._session


def segment(text: str) -> str:
    """A name as a part of a path."""
    return quote(text, safe="")


def parsed(text: str) -> Json:
    """A document. `StoreError` for what is none."""
    try:
        return json.loads(text, object_hook=Document)
    except ValueError as error:
        raise StoreError("The answer is no document: is this a Holdall server?") from error


def _query(parameters: Mapping[str, Any]) -> str:
    pairs = ((name, value) for name, value in parameters.items() if value is not None)
    return "&".join(f"{quote(name, safe='')}={quote(str(it), safe='')}" for name, it in pairs)


def _document(content: bytes, request: _Request) -> Json:
    if not content:
        return None
    with suppress(ValueError):
        return json.loads(content, object_hook=Document)
    raise garbled(request.facts, changes=request.changes)
