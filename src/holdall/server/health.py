"""`/healthz`: whether the server can do its work, for those who decide where requests go."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Final

from holdall.catalog.tables import clock
from holdall.core.errors import HoldallError
from holdall.engine.engine import Engine
from holdall.server.response import Response

PATIENCE: Final = 5.0
"""Seconds in which the catalog must answer."""


async def check(engine: Engine, is_stopping: Callable[[], bool]) -> Response:
    """200 when the catalog can be read and the server means to stay, else 503."""
    if is_stopping():
        return _answer(503, "stopping")
    try:
        async with asyncio.timeout(PATIENCE):
            await engine.catalog.scan(clock.read)
    except (HoldallError, TimeoutError):
        return _answer(503, "the catalog does not answer")
    return _answer(200, "ok")


def _answer(status: int, text: str) -> Response:
    headers = [("content-type", "application/json"), ("cache-control", "no-store")]
    return Response(status, headers, json.dumps({"status": text}).encode())
