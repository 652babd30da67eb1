"""Credentials that end, and others that are asked for before they do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Generic, Protocol, TypeVar

import aiohttp

from holdall.backends.remote.granting import S3Grant
from holdall.core.errors import HoldallError
from holdall.s3.client import Answer, S3Client
from holdall.s3.client.address import Endpoint
from holdall.s3.client.client import PATIENCE, RETRIES
from holdall.s3.client.request import Request
from holdall.s3.client.sender import Sender

AHEAD: Final = timedelta(minutes=5)
"""So long before credentials end others are asked for: what began with them can go on."""

CONNECTIONS: Final = 64

Clock = Callable[[], datetime]


class Ending(Protocol):
    """Something that is good until a time."""

    @property
    def until(self) -> datetime: ...


T = TypeVar("T", bound=Ending)


class Renewal(Generic[T]):
    """A `grant`, and then what `ask` gives in its place."""

    def __init__(self, grant: T, ask: Callable[[], Awaitable[T]], *, now: Clock | None = None):
        self.grant = grant
        self._ask = ask
        self._clock = now or (lambda: datetime.now(UTC))
        self._renewing = asyncio.Lock()

    async def current(self) -> T:
        """While the old one is good it is no matter when nobody gives another."""
        async with self._renewing:
            left = self.grant.until - self._clock()
            if left <= AHEAD:
                try:
                    self.grant = await self._ask()
                except HoldallError:
                    if left <= timedelta():
                        raise
            return self.grant


class RenewingClient(S3Client):
    """Speaks S3 with what is granted."""

    def __init__(self, renewal: Renewal[S3Grant]) -> None:
        grant = renewal.grant
        super().__init__(grant.endpoint_url, grant.credentials, region=grant.region)
        self._sender = _Sender(renewal)


class _Sender(Sender):
    def __init__(self, renewal: Renewal[S3Grant]) -> None:
        grant = renewal.grant
        super().__init__(
            Endpoint.parse(grant.endpoint_url, path_style=True),
            grant.credentials,
            region=grant.region,
            session=None,
            connections=CONNECTIONS,
            retries=RETRIES,
            patience=PATIENCE,
        )
        self._renewal = renewal

    async def request(self, request: Request) -> Answer:
        self.credentials = (await self._renewal.current()).credentials
        return await super().request(request)

    async def open(self, request: Request) -> aiohttp.ClientResponse:
        self.credentials = (await self._renewal.current()).credentials
        return await super().open(request)
