"""Being told of what changes in a bucket, by a backend that keeps a log of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from holdall.core.values import Event


class Watcher(Protocol):
    """A backend that others cannot change unnoticed."""

    async def watch(
        self, bucket: str, *, prefix: str = "", after: int | None = None
    ) -> AsyncGenerator[Event, None]:
        """What happens to a bucket and to keys that begin with `prefix`, without end.

        It listens when it returns: with `after` None for what happens from there on, else for
        all after that event, 0 being before the oldest. `HistoryGone`, whose fact `floor` is
        the oldest that is kept, where some of them are forgotten.
        """
