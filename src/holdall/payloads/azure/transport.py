"""The vendor's transport, sending large bodies as aiohttp wants them."""

from __future__ import annotations

import io
from typing import Any, Final

from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import AsyncHttpResponse

_AT_ONCE: Final = 1024 * 1024
"""Bytes that aiohttp takes as they are; for more it warns that the event loop would wait."""


class Transport(AioHttpTransport):  # type: ignore[misc]  # lazily imported, so untyped
    """Gives aiohttp a stream over a large body; whoever sends it again still has the bytes."""

    async def send(self, request: Any, **config: Any) -> AsyncHttpResponse:
        body = request.data
        if not isinstance(body, bytes) or len(body) <= _AT_ONCE:
            return await super().send(request, **config)  # type: ignore[no-any-return]
        request.data = io.BytesIO(body)
        try:
            return await super().send(request, **config)  # type: ignore[no-any-return]
        finally:
            request.data = body
