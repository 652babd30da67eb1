"""What the server says of itself: a line for each request, and one for each trouble.

Lines are plain text or JSON. Those of requests are handed to the operating system together,
a few times a second: one system call each would cost a tenth of what a small request does.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from functools import lru_cache
from time import time
from typing import Any, Final, Literal, TextIO

from holdall.server.exchanges import Exchange

Style = Literal["plain", "json", "quiet"]
"""`quiet` tells troubles only."""

FLUSH: Final = 0.2
"""Seconds for which a line may wait."""
ROOM: Final = 4096
"""Bytes written at once: what several processes write to one pipe stays whole up to this."""


class RequestLog:
    """Writes a line for each exchange."""

    def __init__(self, style: Style, stream: TextIO | None = None) -> None:
        self._render = _RENDERERS[style]
        self._stream = stream
        self._waiting = ""
        self._timer: asyncio.TimerHandle | None = None

    def write(self, exchange: Exchange) -> None:
        if self._render is None:
            return
        line = self._render(exchange)
        if len(self._waiting) + len(line) > ROOM:
            self.flush()
        self._waiting += line
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH, self.flush)

    def flush(self) -> None:
        """Hand on what is waiting."""
        text, self._waiting = self._waiting, ""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if text:
            stream = self._stream or sys.stderr
            stream.write(text)
            stream.flush()


def _plain(exchange: Exchange) -> str:
    return (
        f"{_written(time())} {exchange.operation} {exchange.status} {exchange.method}"
        f" bucket={exchange.bucket or '-'} key={exchange.access_key or '-'}"
        f" in={exchange.received} out={exchange.sent} ms={exchange.seconds * 1000:.1f}"
        f" from={exchange.client} id={exchange.request_id}\n"
    )


def _json(exchange: Exchange) -> str:
    fields = {
        "time": _written(time()),
        "level": "info",
        "event": "request",
        "operation": exchange.operation,
        "status": exchange.status,
        "method": exchange.method,
        "bucket": exchange.bucket,
        "access_key": exchange.access_key,
        "bytes_in": exchange.received,
        "bytes_out": exchange.sent,
        "seconds": round(exchange.seconds, 6),
        "client": exchange.client,
        "request_id": exchange.request_id,
    }
    return json.dumps(fields, separators=(",", ":")) + "\n"


_RENDERERS: Final = {"plain": _plain, "json": _json, "quiet": None}


def _written(seconds: float) -> str:
    """A time since 1970 UTC in ISO 8601, with milliseconds."""
    return f"{_second(int(seconds))}.{int(seconds % 1 * 1000):03}Z"


@lru_cache(maxsize=4)  # many lines are of the same
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00")


class PlainFormatter(logging.Formatter):
    """`2026-05-17T09:30:00.000Z error holdall.server what happened`, a traceback after it."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = f"{_written(record.created)} {record.levelname.lower()} {record.name} "
        record.message += record.getMessage()
        text = record.message.replace("\n", " ").replace("\r", " ")
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


class JsonFormatter(logging.Formatter):
    """A document a line; a traceback is one of its fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": _written(record.created),
            "level": record.levelname.lower(),
            "event": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, separators=(",", ":"))


def configuration(style: Style) -> dict[str, Any]:
    """For `logging.config.dictConfig`: troubles of ours and of Uvicorn, to standard error."""
    formatter = JsonFormatter if style == "json" else PlainFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {
            "holdall": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
            "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
    }
