"""A payload of which nobody confirmed that it was stored: it is asked about, not guessed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from holdall.core.errors import BlobNotFound, OutcomeUnknown

WRITER: Final = "holdallwriter"  # a name in every provider's headers, and behind every proxy
"""The metadata by which a writing knows its own payload again: a token that nobody else has."""


async def settled(
    token: str,
    store: Callable[[], Awaitable[object]],
    metadata: Callable[[], Awaitable[Mapping[str, str]]],
) -> None:
    """Store on the condition that there is nothing yet. Where nobody knows whether that was done,
    the `metadata` of what is there tell, and where there is nothing it is done once more."""
    try:
        await store()
    except OutcomeUnknown:
        if not await _is_ours(token, metadata):
            await store()


async def _is_ours(token: str, metadata: Callable[[], Awaitable[Mapping[str, str]]]) -> bool:
    try:
        return (await metadata()).get(WRITER) == token
    except BlobNotFound:
        return False
