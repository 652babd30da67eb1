"""An S3 client whose credentials end, and which asks for others before they do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import aiohttp

from holdall.backends.remote.granting import Grant
from holdall.core.errors import HoldallError
from holdall.s3.client import Answer, S3Client
from holdall.s3.client.address import Endpoint
from holdall.s3.client.client import PATIENCE, RETRIES
from holdall.s3.client.request import Request
from holdall.s3.client.sender import Sender

AHEAD: Final = timedelta(minutes=5)
"""So long before credentials end others are asked for: what began with them can go on."""

CONNECTIONS: Final = 64

Ask = Callable[[], Awaitable[Grant]]
Clock = Callable[[], datetime]


class RenewingClient(S3Client):
    """Speaks S3 with a grant, and then with what `ask` gives in its place."""

    def __init__(self, grant: Grant, ask: Ask, *, now: Clock | None = None) -> None:
        super().__init__(grant.endpoint_url, grant.credentials, region=grant.region)
        self._sender = _Sender(grant, ask, now or (lambda: datetime.now(UTC)))


class _Sender(Sender):
    def __init__(self, grant: Grant, ask: Ask, clock: Clock) -> None:
        super().__init__(
            Endpoint.parse(grant.endpoint_url, path_style=True),
            grant.credentials,
            region=grant.region,
            session=None,
            connections=CONNECTIONS,
            retries=RETRIES,
            patience=PATIENCE,
        )
        self._until = grant.until
        self._ask = ask
        self._clock = clock
        self._renewing = asyncio.Lock()

    async def request(self, request: Request) -> Answer:
        await self._renew()
        return await super().request(request)

    async def open(self, request: Request) -> aiohttp.ClientResponse:
        await self._renew()
        return await super().open(request)

    async def _renew(self) -> None:
        """While the old ones are good it is no matter when nobody gives others."""
        async with self._renewing:
            left = self._until - self._clock()
            if left > AHEAD:
                return
            try:
                grant = await self._ask()
            except HoldallError:
                if left <= timedelta():
                    raise
                return
            self.credentials, self._until = grant.credentials, grant.until
