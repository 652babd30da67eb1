from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from holdall.backends.engine import EngineBackend
from holdall.catalog import ledger
from holdall.core.values import PutOptions, Versioning
from holdall.engine import events, settings
from holdall.engine.marks import set_mark
from holdall.engine.versions import list_versions
from holdall.server import opening
from holdall.server.lifecycle import runner
from holdall.server.lifecycle.documents import from_xml, to_setting
from holdall.server.lifecycle.runner import LifecycleRunner, Outcome, run, run_bucket
from holdall.server.options import ServerOptions
from tests.server.clock import Clock

BEGIN = datetime(2026, 3, 1, 10, tzinfo=UTC)
SCHEMA = "<LifecycleConfiguration>{}</LifecycleConfiguration>"
DAY = timedelta(days=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(BEGIN)
    monkeypatch.setattr(ledger, "time", clock)
    return clock


@pytest.fixture
async def store(tmp_path: Any, clock: Clock) -> AsyncIterator[EngineBackend]:
    """With a bucket `box`, versioned, `flat`, which is not, and `slack`, suspended."""
    store = await EngineBackend.at(tmp_path / "store", owner="me")
    store.engine.now = lambda: clock.time_ns() // 1000
    await store.create_bucket("box")
    await store.create_bucket("flat", versioning=Versioning.OFF)
    await store.create_bucket("slack", versioning=Versioning.OFF)
    await store.set_versioning("slack", Versioning.SUSPENDED)
    yield store
    await store.sweep()
    assert await store.check(scrub=True) == []
    await store.aclose()


async def rules(store: EngineBackend, bucket: str, *given: str) -> None:
    body = "".join(
        f"<Rule><ID>{number}</ID><Status>Enabled</Status>{one}</Rule>"
        for number, one in enumerate(given)
    )
    document = SCHEMA.format(body).encode()
    await settings.put(store.engine, bucket, "lifecycle", to_setting(from_xml(document)))


ALL = "<Filter/>"
EXPIRE = "<Expiration><Days>1</Days></Expiration>"
NONCURRENT = (
    "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>"
)
KEEP_ONE = NONCURRENT.replace(
    "</NoncurrentVersionExpiration>",
    "<NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionExpiration>",
)
MARKERS = "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"
ABORT = (
    "<AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation>"
    "</AbortIncompleteMultipartUpload>"
)


async def kept(store: EngineBackend, bucket: str) -> list[str]:
    """Every revision: its key and number, a marker with a minus before."""
    page = await list_versions(store.engine, bucket)
    return [f"{'-' if entry.is_marker else ''}{entry.key}{entry.number}" for entry in page.entries]


async def test_nothing_without_rules(store, clock):
    await store.put("flat", "a", b"x")
    clock.now += 1000 * DAY
    assert await run(store.engine, clock.now) == Outcome()
    assert await kept(store, "flat") == ["a0"]


async def test_expiration_removes_where_there_are_no_versions(store, clock):
    await store.put("flat", "a", b"x" * 100_000)
    await rules(store, "flat", ALL + EXPIRE)
    assert await run(store.engine, clock.now + DAY) == Outcome()
    assert await run(store.engine, clock.now + 2 * DAY) == Outcome(expired=1)
    assert await kept(store, "flat") == []


async def test_expiration_makes_a_marker_in_versioned_buckets(store, clock):
    await store.put("box", "a", b"x")
    await rules(store, "box", ALL + EXPIRE)
    clock.now += 2 * DAY
    assert await run(store.engine, clock.now) == Outcome(expired=1)
    assert await kept(store, "box") == ["-a1", "a0"]
    clock.now += 30 * DAY
    assert await run(store.engine, clock.now) == Outcome()


async def test_expiration_replaces_the_null_version_in_suspended_buckets(store, clock):
    await store.put("slack", "a", b"x")
    await rules(store, "slack", ALL + EXPIRE)
    clock.now += 2 * DAY
    assert await run(store.engine, clock.now) == Outcome(expired=1)
    assert await kept(store, "slack") == ["-a1"]


async def test_a_date_in_the_past_means_what_is_there(store, clock):
    await store.put("flat", "a", b"x")
    date = "<Expiration><Date>2026-03-01T00:00:00Z</Date></Expiration>"
    await rules(store, "flat", ALL + date)
    assert await run(store.engine, clock.now) == Outcome(expired=1)


async def test_prefix_tags_and_size(store, clock):
    await store.put("flat", "logs/a", b"x" * 10)
    await store.put("flat", "logs/b", b"x" * 10, options=PutOptions(tags={"k": "v"}))
    await store.put("flat", "logs/c", b"x", options=PutOptions(tags={"k": "v"}))
    await store.put("flat", "other", b"x" * 10, options=PutOptions(tags={"k": "v"}))
    chosen = (
        "<Filter><And><Prefix>logs/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag>"
        "<ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></And></Filter>"
    )
    await rules(store, "flat", chosen + EXPIRE)
    clock.now += 2 * DAY
    assert await run(store.engine, clock.now) == Outcome(expired=1)
    assert await kept(store, "flat") == ["logs/a0", "logs/c0", "other0"]


async def test_noncurrent_revisions_go_after_they_were_replaced(store, clock):
    await store.put("box", "a", b"0")
    clock.now += 10 * DAY
    await store.put("box", "a", b"1")
    await rules(store, "box", ALL + NONCURRENT)
    assert await run(store.engine, clock.now) == Outcome()
    clock.now += 2 * DAY
    assert await run(store.engine, clock.now) == Outcome(removed=1)
    assert await kept(store, "box") == ["a1"]


async def test_so_many_noncurrent_revisions_are_kept(store, clock, monkeypatch):
    monkeypatch.setattr(runner, "PAGE", 2)
    for number in range(5):
        await store.put("box", "a", b"%d" % number)
    await rules(store, "box", ALL + KEEP_ONE)
    clock.now += 2 * DAY
    assert await run(store.engine, clock.now) == Outcome(removed=3)
    assert await kept(store, "box") == ["a4", "a3"]


async def test_a_marker_goes_when_nothing_is_behind(store, clock):
    await store.put("box", "a", b"x")
    await store.delete("box", "a")
    await store.put("box", "b", b"x")
    await rules(store, "box", ALL + MARKERS, ALL + NONCURRENT)
    clock.now += 2 * DAY
    assert await run(store.engine, clock.now) == Outcome(removed=1)
    assert await kept(store, "box") == ["-a1", "b0"]
    assert await run(store.engine, clock.now) == Outcome(removed=1)
    assert await kept(store, "box") == ["b0"]


async def test_a_marker_at_the_end_of_a_page_is_not_taken_to_be_alone(store, clock, monkeypatch):
    monkeypatch.setattr(runner, "PAGE", 1)
    await store.put("box", "a", b"x")
    await store.delete("box", "a")
    await rules(store, "box", ALL + MARKERS)
    assert await run(store.engine, clock.now) == Outcome()
    assert await kept(store, "box") == ["-a1", "a0"]


async def test_uploads_are_aborted(store, clock):
    upload = await store.start_upload("box", "big", options=PutOptions())
    await upload.part(1, b"x" * 100_000)
    await rules(store, "box", ALL + ABORT)
    assert await run(store.engine, clock.now + 2 * DAY) == Outcome()
    assert await run(store.engine, clock.now + 3 * DAY) == Outcome(aborted=1)
    assert await store.list_uploads("box") == []


async def test_a_run_of_one_bucket_counts_by_rule(store, clock):
    for key in ("a", "b", "c/1"):
        await store.put("flat", key, b"x")
    await store.put("slack", "a", b"x")
    upload = await store.start_upload("flat", "c/2")
    both = "<Filter><Prefix>c/</Prefix></Filter>" + EXPIRE + ABORT
    await rules(store, "flat", both, ALL + EXPIRE, ALL + MARKERS)
    await rules(store, "slack", ALL + EXPIRE)
    clock.now += 4 * DAY
    bucket = await store.get_bucket("flat")
    wanted = {"0": Outcome(expired=1, aborted=1), "1": Outcome(expired=2), "2": Outcome()}
    assert await run_bucket(store.engine, bucket.id, clock.now, dry=True) == wanted
    assert await kept(store, "flat") == ["a0", "b0", "c/10"]
    assert [each.id for each in await store.list_uploads("flat")] == [upload.id]
    assert await run_bucket(store.engine, bucket.id, clock.now) == wanted
    assert await kept(store, "flat") == []
    assert await store.list_uploads("flat") == []
    assert await kept(store, "slack") == ["a0"]


@pytest.mark.parametrize("name", ["flat", "slack"])
async def test_a_lock_counts_without_versions_too(store, clock, name):
    await store.put(name, "a", b"0", options=PutOptions(marks={"hold": "ON"}))
    await rules(store, name, ALL + EXPIRE)
    clock.now += 2 * DAY
    assert await run(store.engine, clock.now) == Outcome(kept=1)


LOCKS = [
    ("hold", "ON"),
    ("retention", json.dumps({"mode": "GOVERNANCE", "until": 2**52})),
    ("retention", json.dumps({"mode": "COMPLIANCE", "until": 2**52})),
]


@pytest.mark.parametrize(("mark", "value"), LOCKS)
async def test_what_is_locked_stays(store, clock, mark, value):
    await store.put("box", "a", b"0", options=PutOptions(marks={mark: value}))
    await store.put("box", "a", b"1")
    await store.put("box", "b", b"0")
    await store.put("box", "b", b"1")
    await rules(store, "box", ALL + NONCURRENT)
    clock.now += 2 * DAY
    dry = run_bucket(store.engine, (await store.get_bucket("box")).id, clock.now, dry=True)
    assert await dry == {"0": Outcome(removed=1, kept=1)}
    assert await run(store.engine, clock.now) == Outcome(removed=1, kept=1)
    assert await kept(store, "box") == ["a1", "a0", "b1"]
    await set_mark(store.engine, "box", "a", mark, None, 0)
    assert await run(store.engine, clock.now) == Outcome(removed=1)


async def test_events_name_the_lifecycle(store, clock):
    await store.put("flat", "a", b"x")
    await rules(store, "flat", ALL + EXPIRE)
    clock.now += 2 * DAY
    before = (await events.page(store.engine, after=0)).after
    await run(store.engine, clock.now)
    found = (await events.page(store.engine, after=before)).events
    assert [(each.kind, each.key, each.actor) for each in found] == [("removed", "a", "lifecycle")]


Change = Callable[[EngineBackend], Any]


async def _rewrite(store):
    await store.put("flat", "a", b"new")


async def _retag(store):
    await store.set_tags("flat", "a", {"k": "other"})


async def _without_rules(store):
    await settings.delete(store.engine, "flat", "lifecycle")


async def _remove(store):
    await store.delete("flat", "a")


@pytest.mark.parametrize("change", [_rewrite, _retag, _without_rules, _remove])
async def test_it_is_decided_again_when_it_is_done(store, clock, monkeypatch, change: Change):
    """What changes between the listing and the transaction counts."""
    await store.put("flat", "a", b"x", options=PutOptions(tags={"k": "v"}))
    tagged = "<Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>"
    await rules(store, "flat", tagged + EXPIRE)
    clock.now += 2 * DAY
    let_go = runner._Job._let_go

    async def changed(job, candidates):
        assert [each.key for each in candidates] == ["a"]
        await change(store)
        return await let_go(job, candidates)

    monkeypatch.setattr(runner._Job, "_let_go", changed)
    assert await run(store.engine, clock.now) == Outcome()
    assert len(await kept(store, "flat")) == (0 if change is _remove else 1)


async def test_a_bucket_that_fails_does_not_stop_the_others(store, clock, caplog):
    await store.put("flat", "a", b"x")
    await settings.put(store.engine, "box", "lifecycle", "what is no document")
    await rules(store, "flat", ALL + EXPIRE)
    clock.now += 2 * DAY
    assert await run(store.engine, clock.now) == Outcome(expired=1)
    assert "failed" in caplog.text


async def test_many_go_in_small_transactions(store, clock, monkeypatch):
    monkeypatch.setattr(runner, "BATCH", 3)
    for number in range(10):
        await store.put("flat", f"k{number}", b"x")
    await rules(store, "flat", ALL + EXPIRE)
    clock.now += 2 * DAY
    sizes = []
    let_go = runner._Job._let_go

    async def counted(job, candidates):
        sizes.append(len(candidates))
        return await let_go(job, candidates)

    monkeypatch.setattr(runner._Job, "_let_go", counted)
    assert await run(store.engine, clock.now) == Outcome(expired=10)
    assert sizes == [3, 3, 3, 1]


async def test_once_a_day_in_one_of_several_processes(store, clock):
    one, two = (LifecycleRunner(store.engine, clock) for _ in range(2))
    assert await one.run_if_due() == Outcome()
    assert await one.run_if_due() is None
    assert await two.run_if_due() is None
    clock.now = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    assert await one.run_if_due() is None
    assert await two.run_if_due() is None
    clock.now = datetime(2026, 3, 2, tzinfo=UTC)
    assert await two.run_if_due() == Outcome()
    assert await one.run_if_due() is None


async def test_another_goes_on_when_one_dies_at_work(store, clock, monkeypatch):
    one, two = (LifecycleRunner(store.engine, clock) for _ in range(2))

    async def dies(*args):
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(runner, "run", dies)
        with pytest.raises(RuntimeError):
            await one.run_if_due()
    assert await two.run_if_due() is None
    clock.now += timedelta(seconds=61)
    assert await two.run_if_due() == Outcome()


async def test_a_turn_that_was_lost_ends_the_run(store, clock, monkeypatch):
    one, two = (LifecycleRunner(store.engine, clock) for _ in range(2))
    await rules(store, "flat", ALL + EXPIRE)
    await rules(store, "box", ALL + EXPIRE)
    pages = []
    listing = runner.list_versions

    async def slow(engine, bucket, **options):
        pages.append(bucket)
        if len(pages) == 1:
            clock.now += timedelta(seconds=61)
            assert await two.run_if_due() == Outcome()
        return await listing(engine, bucket, **options)

    monkeypatch.setattr(runner, "list_versions", slow)
    assert await one.run_if_due() is None
    assert len(pages) == 3


async def test_the_actor_of_a_run_is_not_asked_for_buckets(store, clock):
    """Buckets of every owner have their turn, whoever the engine speaks for."""
    await store.put("flat", "a", b"x")
    await rules(store, "flat", ALL + EXPIRE)
    clock.now += 2 * DAY
    assert await run(replace(store.engine, owner="other"), clock.now) == Outcome(expired=1)


async def test_a_server_runs_it(tmp_path, monkeypatch):
    options = ServerOptions(directory=tmp_path / "store")
    await opening.initialise(options, user="me")
    async with opening.opened(options) as site:
        await site.backend.create_bucket("flat", versioning=Versioning.OFF)
        await site.backend.put("flat", "a", b"x")
        date = "<Expiration><Date>2026-03-01T00:00:00Z</Date></Expiration>"
        await rules(site.backend, "flat", ALL + date)
        assert await kept(site.backend, "flat") == ["a0"]
    outcomes = asyncio.Queue[Outcome | None]()

    class Telling(LifecycleRunner):
        async def run_if_due(self) -> Outcome | None:
            outcomes.put_nowait(await super().run_if_due())

    monkeypatch.setattr(opening, "AWAIT_TURN", 0.01)
    monkeypatch.setattr(opening, "LifecycleRunner", Telling)
    async with opening.opened(options) as site, asyncio.timeout(20):
        assert await outcomes.get() == Outcome(expired=1)
        assert await kept(site.backend, "flat") == []
