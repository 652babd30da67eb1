"""The vendor's transport, sending large bodies as aiohttp wants them, with a signature that is
good now."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import AsyncHttpResponse

_AT_ONCE: Final = 1024 * 1024
"""Bytes that aiohttp takes as they are; for more it warns that the event loop would wait."""


class Transport(AioHttpTransport):  # type: ignore[misc]  # lazily imported, so untyped
    """Gives aiohttp a stream over a large body; whoever sends it again still has the bytes.

    `ask` gives the shared access signature that each request is to carry. The session is not
    closed.
    """

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
        if not isinstance(body, bytes) or len(body) <= _AT_ONCE:
            return await super().send(request, **config)  # type: ignore[no-any-return]
        request.data = io.BytesIO(body)
        try:
            return await super().send(request, **config)  # type: ignore[no-any-return]
        finally:
            request.data = body
