"""A line to a server that can break and be held up, for tests that have no loop of their own, or
one that must not wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from holdall.testing.proxy import Asked, Hold, Proxy


@contextmanager
def line_to(endpoint: str) -> Iterator[Proxy]:
    """A proxy that runs in a thread; `choose` may be called from here."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Coroutine[Any, Any, object]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(30)

    proxy = Proxy(endpoint)
    try:
        run(proxy.__aenter__())
        try:
            yield proxy
        finally:
            run(proxy.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


class HeldUp:
    """A choice: what asks for `part` of an address waits, until `let_go` is called from another
    thread; `reached` tells that something does."""

    def __init__(self, part: str) -> None:
        self.reached = threading.Event()
        self._part = part
        self._until = asyncio.Event()

    def __call__(self, asked: Asked) -> Hold | None:
        if self._part not in asked.target:
            return None
        self._loop = asyncio.get_running_loop()
        self.reached.set()
        return Hold(self._until)

    def let_go(self) -> None:
        self._loop.call_soon_threadsafe(self._until.set)
