"""A server on a socket, with a bucket `box` of alice's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from holdall.engine.sweep import sweep
from holdall.testing.server import Running, serving

from .sockets import ask


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("security") / "store") as running:
        assert ask(running, running.alice, "PUT", "/box").status == 200
        yield running
        swept = asyncio.run_coroutine_threadsafe(sweep(running.state.engine), running.loop)
        swept.result(60)
        assert running.problems() == []
