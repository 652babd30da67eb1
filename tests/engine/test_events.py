"""Events: nothing is missed, what is forgotten is told, and the past says so too."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import HistoryGone, InvalidArgument
from holdall.core.values import Event, Revision
from holdall.engine import events
from holdall.engine.engine import Engine
from holdall.engine.marks import set_mark

from .stores import rows_of


async def every(engine: Engine, limit: int, after: int = 0, **options: str) -> list[Event]:
    found = list[Event]()
    more = True
    while more:
        page = await events.page(engine, after=after, limit=limit, **options)
        assert page.after > after or not page.more
        assert page.after >= (page.events[-1].seq if page.events else 0)
        found += page.events
        after, more = page.after, page.more
    return found


async def test_every_change_is_told(backend: EngineBackend, engine: Engine) -> None:
    start = await events.latest(engine)
    await backend.put("box", "k", b"123")
    await backend.set_tags("box", "k", {"t": "1"})
    await set_mark(engine, "box", "k", "acl", "a")
    await backend.delete("box", "k")
    await backend.delete("box", "k", revision=0)
    await backend.set_public_access("box", True)
    box = await backend.get_bucket("box")
    page = await events.page(engine, after=start)
    told = [(event.kind, event.key, event.number) for event in page.events]
    assert told == [
        ("written", "k", 0),
        ("tagged", "k", 0),
        ("marked", "k", 0),
        ("deleted", "k", 1),
        ("removed", "k", 0),
        ("bucket_changed", None, None),
    ]
    assert {(event.bucket, event.actor) for event in page.events} == {(box.id, "me")}
    assert page.events[0].size == 3
    assert page.after == page.events[-1].seq == await events.latest(engine)
    assert (await events.page(engine, after=page.after)).after == page.after


async def test_events_of_a_bucket_that_is_gone(backend: EngineBackend, engine: Engine) -> None:
    start = await events.latest(engine)
    await backend.delete_bucket("flat")
    (event,) = (await events.page(engine, after=start)).events
    assert (event.kind, event.bucket) == ("bucket_deleted", None)


@pytest.mark.parametrize("limit", [1, 2, 5, 1000])
async def test_events_of_a_bucket_and_a_prefix(
    backend: EngineBackend, engine: Engine, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "AT_ONCE", 4)
    start = await events.latest(engine)
    for number in range(12):
        await backend.put("box", f"{'a' if number % 3 else 'b'}/{number}", b"x")
        await backend.put("flat", "a/x", b"x")
    assert len(await every(engine, limit, start)) == 24
    of_box = await every(engine, limit, start, bucket="box")
    assert [event.key for event in of_box] == [
        f"{'a' if number % 3 else 'b'}/{number}" for number in range(12)
    ]
    some = await every(engine, limit, start, bucket="box", prefix="b/")
    assert [event.key for event in some] == ["b/0", "b/3", "b/6", "b/9"]
    assert await every(engine, limit, start, bucket="box", prefix="c") == []


async def test_forgetting(
    backend: EngineBackend, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "BATCH", 3)
    made = [await backend.put("box", f"{number}", b"x") for number in range(10)]
    whole = await every(engine, 100)
    seqs = {event.key: event.seq for event in whole}
    assert await events.prune(engine, made[6].created_at) == len(whole) - 4
    kept = await every(engine, 100)
    assert [event.key for event in kept] == ["6", "7", "8", "9"]
    with pytest.raises(HistoryGone) as caught:
        await events.page(engine, after=seqs["3"])
    assert caught.value.floor == seqs["6"]
    assert (await events.page(engine, after=seqs["6"])).events[0].key == "7"
    assert await events.prune(engine, made[6].created_at) == 0
    for time, keys in ((6, 7), (8, 9)):
        page = await backend.list("box", at=made[time].created_at)
        assert len([entry for entry in page.entries if isinstance(entry, Revision)]) == keys
    between = made[6].created_at - timedelta(microseconds=1)
    for time_ in (between, made[0].created_at):
        with pytest.raises(HistoryGone):
            await backend.list("box", at=time_)
    await backend.put("box", "later", b"x")
    assert (await events.page(engine, after=await events.latest(engine))).events == ()


async def test_forgetting_what_never_was(engine: Engine, backend: EngineBackend) -> None:
    before = await rows_of(backend, "events")
    record = await backend.get_bucket("box")
    assert await events.prune(engine, record.created_at - timedelta(days=1)) == 0
    assert await rows_of(backend, "events") == before
    with pytest.raises(InvalidArgument):
        await events.prune(engine, record.created_at.replace(tzinfo=None))


async def test_forgetting_everything(backend: EngineBackend, engine: Engine) -> None:
    made = await backend.put("box", "k", b"x")
    await events.prune(engine, made.created_at + timedelta(days=1))
    assert await rows_of(backend, "events") == 1
    assert await events.latest(engine) == (await events.page(engine)).events[0].seq
    assert (await backend.list("box", at=made.created_at)).entries == (made,)
