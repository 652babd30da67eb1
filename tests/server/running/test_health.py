"""Health: the catalog is asked, and not for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from holdall.core.errors import Corrupt
from holdall.engine.engine import Engine
from holdall.payloads.memory import MemoryPayloads
from holdall.server import health


class Catalog:
    def __init__(self, outcome: Any) -> None:
        self._outcome = outcome

    async def scan(self, query: object) -> object:
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return await self._outcome()


async def now() -> None:
    return None


async def never() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("outcome", "stopping", "status"),
    [(now, False, 200), (now, True, 503), (never, False, 503), (Corrupt("/path"), False, 503)],
)
async def test_it_says_how_it_is(
    monkeypatch: pytest.MonkeyPatch, outcome: Any, stopping: bool, status: int
) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    engine = Engine(Catalog(outcome), MemoryPayloads(), "ann")  # type: ignore[arg-type]
    answer = await health.check(engine, lambda: stopping)
    assert answer.status == status
    assert b"/path" not in bytes(answer.body)  # type: ignore[arg-type]
