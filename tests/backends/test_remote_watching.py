"""A stream of events that breaks off, ends, or has forgotten where it should begin."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from holdall.backends.remote import watching
from holdall.backends.remote.control import Control
from holdall.core.errors import HistoryGone, HoldallError, TransferFailed
from holdall.core.values import BucketRecord

RECORD = BucketRecord(id="B1", name="box", owner="me", created_at=datetime(2026, 5, 17, tzinfo=UTC))
BROKEN = TransferFailed("the connection broke")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "PAUSE", 0)


class Broken:
    """A control plane whose streams are these, one after the other."""

    def __init__(self, *streams: Sequence[str | HoldallError]) -> None:
        self._streams = iter(streams)
        self.asked: list[Any] = []

    @asynccontextmanager
    async def opened(
        self, path: str, query: dict[str, Any], **facts: Any
    ) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        self.asked.append(query["after"])
        yield self._lines(next(self._streams))

    async def _lines(self, stream: Sequence[str | HoldallError]) -> AsyncGenerator[bytes, None]:
        for item in stream:
            if isinstance(item, HoldallError):
                raise item
            for line in item.splitlines(keepends=True):
                yield line.encode()


def written(seq: int) -> str:
    event = {
        "seq": seq,
        "time": "2026-05-17T09:30:00Z",
        "kind": "written",
        "bucket": "box",
        "key": f"k{seq}",
        "number": 0,
        "size": 1,
        "actor": "me",
    }
    return f"id: {seq}\nevent: written\ndata: {json.dumps(event)}\n\n"


async def seqs(control: Broken, count: int, after: int | None = None) -> list[int]:
    events = await watching.watch(cast(Control, control), RECORD, "", after)
    async with aclosing(events):
        return [(await anext(events)).seq for _ in range(count)]


async def test_it_goes_on_where_it_broke_off_or_ended() -> None:
    control = Broken(
        [": holdall\n\n", ": 4\n\n", BROKEN],
        [": 4\n\n", written(5), written(7)],
        [written(8), BROKEN],
        [written(9)],
    )
    assert await seqs(control, 4) == [5, 7, 8, 9]
    assert control.asked == [None, 4, 7, 8]


async def test_an_event_goes_by_the_buckets_id_and_has_a_time() -> None:
    events = await watching.watch(cast(Control, Broken([written(3)])), RECORD, "", 0)
    event = await anext(events)
    await events.aclose()
    assert event.bucket == "B1"
    assert event.time == datetime(2026, 5, 17, 9, 30, tzinfo=UTC)


async def test_a_server_that_tells_nothing_is_not_asked_for_ever() -> None:
    with pytest.raises(TransferFailed):
        await seqs(Broken([BROKEN]), 1)
    with pytest.raises(TransferFailed):
        await seqs(Broken([": 4\n\n", BROKEN], [BROKEN]), 1)
    with pytest.raises(TransferFailed):
        await seqs(Broken([": holdall\n\n"]), 1)


async def test_what_is_forgotten_is_said_with_what_is_kept() -> None:
    with pytest.raises(HistoryGone) as caught:
        await seqs(Broken([": holdall\n\n", "event: resume\ndata: 17\n\n"]), 1, after=3)
    assert caught.value.floor == 17
