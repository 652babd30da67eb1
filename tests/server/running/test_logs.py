"""Lines of the log: whole, parsable, together, and without secrets."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import sys
from collections.abc import Iterator

import pytest

from holdall.server import logs
from holdall.server.exchanges import Exchange
from holdall.server.logs import JsonFormatter, PlainFormatter, RequestLog, Style

EXCHANGE = Exchange(
    method="GET",
    operation="GetObject",
    bucket="box",
    access_key="AKID",
    client="10.1.2.3",
    status=206,
    sent=7,
    received=5,
    seconds=0.0123,
    request_id="ID",
)


async def lines(style: Style, count: int = 1) -> list[str]:
    stream = io.StringIO()
    log = RequestLog(style, stream)
    for _ in range(count):
        log.write(EXCHANGE)
    log.flush()
    return stream.getvalue().splitlines()


async def test_plain() -> None:
    [line] = await lines("plain")
    time, rest = line.split(" ", 1)
    assert time.endswith("Z")
    assert rest == ("GetObject 206 GET bucket=box key=AKID in=5 out=7 ms=12.3 from=10.1.2.3 id=ID")


async def test_json() -> None:
    [line] = await lines("json")
    found = json.loads(line)
    assert found.pop("time").endswith("Z")
    assert found == {
        "level": "info",
        "event": "request",
        "operation": "GetObject",
        "status": 206,
        "method": "GET",
        "bucket": "box",
        "access_key": "AKID",
        "bytes_in": 5,
        "bytes_out": 7,
        "seconds": 0.0123,
        "client": "10.1.2.3",
        "request_id": "ID",
    }


async def test_quiet() -> None:
    assert await lines("quiet") == []


class Writes(io.StringIO):
    """Remembers each write by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.each: list[str] = []

    def write(self, text: str) -> int:
        self.each.append(text)
        return super().write(text)


async def test_lines_are_written_together_and_whole() -> None:
    stream = Writes()
    log = RequestLog("plain", stream)
    for _ in range(100):
        log.write(EXCHANGE)
    log.flush()
    assert 1 < len(stream.each) < 10
    assert all(len(text) <= logs.ROOM and text.endswith("\n") for text in stream.each)
    assert len(stream.getvalue().splitlines()) == 100


async def test_no_line_waits_long() -> None:
    stream = Writes()
    log = RequestLog("plain", stream)
    log.write(EXCHANGE)
    assert stream.each == []
    assert log._timer is not None
    log._timer._run()  # what the loop does when the time has come
    assert len(stream.each) == 1
    log.flush()
    assert len(stream.each) == 1


def record(message: str, *, failed: bool = False) -> logging.LogRecord:
    info = None
    if failed:
        try:
            raise RuntimeError("broken")
        except RuntimeError:
            info = sys.exc_info()
    return logging.LogRecord("holdall.server", logging.ERROR, "f.py", 1, message, (), info)


def test_a_trouble_on_one_line() -> None:
    text = PlainFormatter().format(record("one\ntwo"))
    assert text.split(" ", 1)[1] == "error holdall.server one two"


def test_with_its_traceback() -> None:
    assert "RuntimeError: broken" in PlainFormatter().format(record("x", failed=True))
    found = json.loads(JsonFormatter().format(record("x\ny", failed=True)))
    assert (found["level"], found["message"]) == ("error", "x\ny")
    assert "RuntimeError: broken" in found["traceback"]


@pytest.fixture
def loggers() -> Iterator[None]:
    names = ("holdall", "uvicorn")
    before = {name: (logging.getLogger(name).handlers, logging.getLogger(name).level,
                     logging.getLogger(name).propagate) for name in names}  # fmt: skip
    yield
    for name, (handlers, level, propagate) in before.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.mark.usefixtures("loggers")
@pytest.mark.parametrize("style", ["plain", "json", "quiet"])
def test_the_configuration_is_taken(style: Style, capsys: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(logs.configuration(style))
    logging.getLogger("holdall.server").info("hello")
    logging.getLogger("uvicorn.error").info("not wanted")
    logging.getLogger("uvicorn.error").warning("wanted")
    first, second = capsys.readouterr().err.splitlines()
    assert "hello" in first
    assert "wanted" in second
    assert (style == "json") == first.startswith("{")
