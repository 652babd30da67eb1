"""The vendor's transport, sending large bodies as aiohttp wants them, with a signature that is
good now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import AsyncHttpResponse

from holdall.payloads.clouds.bodies import streamed


class Transport(AioHttpTransport):  # type: ignore[misc]  # lazily imported, so untyped
    """`ask` gives the shared access signature that each request is to carry. The session is not
    closed."""

    def __init__(
        self, session: aiohttp.ClientSession, ask: Callable[[], Awaitable[str]] | None = None
    ) -> None:
        super().__init__(session=session, session_owner=False)
        self._ask = ask

    async def send(self, request: Any, **config: Any) -> AsyncHttpResponse:
        if self._ask is None:
            return await self._sent(request, **config)
        bare, sas = request.url, await self._ask()
        request.url = f"{bare}{'&' if '?' in bare else '?'}{sas}"
        try:
            return await self._sent(request, **config)
        finally:
            request.url = bare

    async def _sent(self, request: Any, **config: Any) -> AsyncHttpResponse:
        body = request.data
        if isinstance(body, bytes):
            request.data = streamed(body)
        try:
            return await super().send(request, **config)  # type: ignore[no-any-return]
        finally:
            request.data = body
