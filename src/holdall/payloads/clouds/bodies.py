"""Bodies of requests as aiohttp wants them."""

from __future__ import annotations

import io
from typing import Final

_AT_ONCE: Final = 1024 * 1024
"""Bytes that aiohttp takes as they are; for more it warns that the event loop would wait."""


def streamed(body: bytes) -> bytes | io.BytesIO:
    """A stream over a large body; whoever sends it again still has the bytes."""
    return body if len(body) <= _AT_ONCE else io.BytesIO(body)
