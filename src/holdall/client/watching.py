"""Following what changes below a name."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from holdall.client.resolving import Known
from holdall.core.errors import NotSupported
from holdall.core.values import Event


async def watch(known: Known, key: str, after: int | None) -> AsyncGenerator[Event, None]:
    """Events of the bucket itself, of the blob of that key and of all below it."""
    watcher = known.opened.watcher
    if watcher is None or known.is_elsewhere:
        raise NotSupported(
            f"{known.bucket.uri}: its provider tells nobody here what happens",
            bucket=known.record.id,
        )
    events = await watcher.watch(known.record.id, prefix=key, after=after)
    return _concerning(events, key)


async def _concerning(events: AsyncGenerator[Event, None], key: str) -> AsyncGenerator[Event, None]:
    below = key if not key or key.endswith("/") else f"{key}/"
    try:
        async for event in events:
            if event.key is None or event.key == key or event.key.startswith(below):
                yield event
    finally:
        await events.aclose()
