"""Requests to Google, with a token, sent again where that does no harm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from holdall.core.errors import Closed, StoreError
from holdall.payloads.clouds.bodies import streamed
from holdall.payloads.clouds.sessions import session
from holdall.payloads.gcs.access import Access
from holdall.payloads.gcs.failures import refused
from holdall.s3.client.failures import broken
from holdall.s3.client.retrying import Failure, Retries, insist

NONE: Final[Mapping[str, Any]] = {}
JSON: Final = "application/json; charset=UTF-8"

_GOOD: Final = frozenset({200, 201, 204, 206, 308})


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `once`: were it to take effect twice, the second answer would mislead."""

    method: str
    url: str
    query: Mapping[str, object] = field(default_factory=dict)
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    once: bool = False

    @property
    def changes(self) -> bool:
        return self.method != "GET"


class Transport:
    """Connects lazily. After `aclose` everything raises `Closed`. A `connector` that is handed in
    makes all connections, and is not closed."""

    def __init__(
        self, access: Access, retries: Retries, connector: aiohttp.BaseConnector | None = None
    ) -> None:
        self.access = access
        self.retries = retries
        self._connector = connector
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def json(self, call: Call) -> dict[str, Any]:
        """What the answer says."""
        _, body = await self.whole(call)
        try:
            found = json.loads(body or b"{}")
        except ValueError as error:
            raise StoreError("The answer could not be read.", **call.facts) from error
        return found if isinstance(found, dict) else {}

    async def whole(self, call: Call) -> tuple[aiohttp.ClientResponse, bytes]:
        """The answer with its body."""
        attempt = partial(self._whole, call)
        return await insist(self.retries, attempt, replayable=True, changes=call.changes)

    async def open(self, call: Call) -> aiohttp.ClientResponse:
        """The answer; whoever gets it reads and closes it."""
        attempt = partial(self._sent, call)
        return await insist(self.retries, attempt, replayable=True, changes=call.changes)

    async def _whole(self, call: Call) -> tuple[aiohttp.ClientResponse, bytes]:
        response = await self._sent(call)
        try:
            async with response:
                return response, await response.read()
        except (TimeoutError, aiohttp.ClientError) as error:
            raise self._broken(error, call) from error

    async def _sent(self, call: Call) -> aiohttp.ClientResponse:
        """An answer that is good; `Failure`."""
        headers = {**await self.access.headers(), **call.headers}
        url = call.url + (f"?{urlencode(call.query)}" if call.query else "")
        body = None if call.body is None else streamed(call.body)
        try:
            response = await self._sessions().request(
                call.method, URL(url, encoded=True), data=body, headers=headers
            )
            if response.status in _GOOD:
                return response
            async with response:
                said = await response.read()
        except (TimeoutError, aiohttp.ClientError) as error:
            raise self._broken(error, call) from error
        raise refused(
            response.status,
            said,
            response.headers,
            call.facts,
            changes=call.changes,
            once=call.once,
        )

    def _broken(self, error: Exception, call: Call) -> Failure:
        failure = broken(error, call.facts, changes=call.changes)
        failure.transient = failure.transient and not (call.once and failure.unsure)
        return failure

    def _sessions(self) -> aiohttp.ClientSession:
        if self._closed:
            raise Closed("the client is closed")
        if self._session is None:
            # Google undoes the compression of what is stored compressed, unless told that we
            # could do it ourselves; nobody here does.
            self._session = session("gzip", self._connector)
        return self._session

    async def aclose(self) -> None:
        self._closed = True
        held, self._session = self._session, None
        if held is not None:
            await held.close()
