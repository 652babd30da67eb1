"""restore: a folder becomes what it was at a time, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdall import (
    BlobNotFound,
    Client,
    Conflict,
    HistoryGone,
    InvalidArgument,
    StorageFull,
    TransferFailed,
)
from holdall.backends.engine import EngineBackend
from holdall.client.filtering import Filters
from holdall.client.values.entry import BlobObject
from holdall.core.values import Versioning
from holdall.transfer.items import Item, Kind
from holdall.transfer.rules import Rules
from holdall.transfer.steps import Step, Verb
from holdall.transfer.transfers import Transfers
from tests.client.helpers import Recorder, content, keys, put_all
from tests.client.served import connected
from tests.server.whole import Whole, serving_whole

from .stage import Stage

Held = Mapping[str, tuple[object, ...]]
"""What a listing shows of each key and what reading it gives, apart from its place in time."""

_CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["p", "p/", "p/a", "p/a/", "p/a/b", "p!", "q/a"]),
        st.sampled_from([None, b"", b"1", b"2"]),  # None deletes it
        st.sampled_from(["text/plain", "text/html"]),
    ),
    max_size=10,
)


async def restored(
    transfers: Transfers, uri: str, at: datetime, **options: Any
) -> list[tuple[str, str, str]]:
    steps: list[Step] = []
    await transfers.restore(uri, at=at, told=steps.append, **options)
    return [(step.verb.value, step.relative, step.reason) for step in steps]


async def change(client: Client, bucket: str, changes: Sequence[tuple[str, Any, str]]) -> datetime:
    """Make changes; the moment at which all of them were made."""
    for key, body, kind in changes:
        if body is not None:
            await client.buckets.put_blob(bucket, key, body, content_type=kind, tags={"t": kind})
        elif key in await versions(client, bucket):
            await client.buckets.delete_blob(bucket, key)
    made = await client.buckets.put_blob(bucket, "zzz", b"")
    assert made.modified_at is not None
    return made.modified_at


async def listed(client: Client, bucket: str, at: datetime | None = None) -> Sequence[BlobObject]:
    uri = f"blob:{bucket}"
    async with client.buckets.list_blobs(uri, recursive=True, limit=None, at=at) as entries:
        return [entry async for entry in entries if isinstance(entry, BlobObject)]


async def versions(client: Client, bucket: str) -> dict[str, str]:
    return {entry.key: entry.version for entry in await listed(client, bucket)}


async def held(client: Client, bucket: str, at: datetime | None = None) -> Held:
    found = {}
    for entry in await listed(client, bucket, at):
        fetching = client.buckets.fetch_blob(bucket, entry.key, revision=entry.version)
        async with fetching as chunks:
            body = b"".join([chunk async for chunk in chunks])
        found[entry.key] = body, entry.content_type, entry.metadata, entry.tags
    return found


def below(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key.startswith("p/")}


def beside(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if not key.startswith("p/")}


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(first=_CHANGES, second=_CHANGES, delete=st.booleans())
def test_any_changes(stage: Stage, first: Any, second: Any, delete: bool) -> None:
    client, transfers = stage.client, stage.transfers

    async def work(bucket: str, other: str, folder: Path) -> None:
        then = await change(client, bucket, first)
        before_restoring = await change(client, bucket, second)
        wanted = below(await held(client, bucket, then))
        was, had = await versions(client, bucket), await held(client, bucket)
        restoring = partial(restored, transfers, f"blob:{bucket}/p", delete=delete)
        if not wanted:
            with pytest.raises(BlobNotFound):
                await restoring(then)
            assert await versions(client, bucket) == was
            return
        planned = await restoring(then, dry_run=True)
        assert await versions(client, bucket) == was
        assert await restoring(then) == planned
        made_since = {} if delete else {k: v for k, v in below(had).items() if k not in wanted}
        assert below(await held(client, bucket)) == wanted | made_since
        now = await versions(client, bucket)
        assert beside(now) == beside(was)
        same = {key for key, value in wanted.items() if had.get(key) == value}
        assert {key: now[key] for key in same} == {key: was[key] for key in same}
        assert {verb for verb, *_ in await restoring(then)} <= {"skip", "keep"}
        assert await versions(client, bucket) == now
        assert below(await held(client, bucket, then)) == wanted
        if below(had):  # the way back again
            await restored(transfers, f"blob:{bucket}/p", before_restoring, delete=True)
            assert await held(client, bucket) == had

    stage.run(work)


def test_more_than_a_page(stage: Stage) -> None:
    client, transfers = stage.client, stage.transfers

    async def work(bucket: str, other: str, folder: Path) -> None:
        names = [f"p/{number:04}" for number in range(1100)]
        then = await change(client, bucket, [(name, b"1", "text/plain") for name in names])
        await client.buckets.blob_rm(f"blob:{bucket}/p", recursive=True)
        summary = await transfers.restore(f"blob:{bucket}/p", at=then)
        assert (summary.steps, summary.bytes) == ({Verb.RESTORE: 1100}, 1100)
        assert list(below(await versions(client, bucket))) == names

    stage.run(work)


async def test_every_step_says_why(client: Client, transfers: Transfers) -> None:
    await put_all(client, "p/", "p/changed", "p/gone", "p/same", "p/written-again")
    then = await change(client, "box", [])
    await client.buckets.put_blob("box", "p/changed", b"other")
    for key in ("p/", "p/gone"):
        await client.buckets.delete_blob("box", key)
    await put_all(client, "p/since", "p/written-again")
    steps = await restored(transfers, "blob:box/p", then)
    assert steps == [
        ("restore", "", "deleted since"),
        ("restore", "changed", "changed since"),
        ("restore", "gone", "deleted since"),
        ("skip", "same", "as it was"),
        ("keep", "since", "made since"),
        ("skip", "written-again", "as it was"),
    ]
    assert await content(client, "p/changed") == b"p/changed"
    assert ("delete", "since", "made since") in await restored(
        transfers, "blob:box/p/", then, delete=True
    )


async def test_no_bytes_move(
    client: Client, transfers: Transfers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_all(client, "p/a")
    then = await change(client, "box", [("p/a", b"2", "text/plain")])
    await client.buckets.blob_rm("blob:box/p", recursive=True)

    def unwanted(*arguments: Any, **options: Any) -> Any:
        raise AssertionError("bytes moved")

    with monkeypatch.context() as patched:
        for verb in ("open", "put"):
            patched.setattr(EngineBackend, verb, unwanted)
        recorder = Recorder()
        await transfers.restore("blob:box/p", at=then, progress=recorder)
    assert await content(client, "p/a") == b"2"
    assert [event.size for event in recorder.of("complete")] == [1]


async def test_what_filters_leave_out_stays(client: Client, transfers: Transfers) -> None:
    await put_all(client, "p/a.log", "p/a.txt", "p/d/b.txt")
    then = await change(client, "box", [])
    await client.buckets.blob_rm("blob:box/p", recursive=True)
    await put_all(client, "p/since.log", "p/since.txt")
    filters = Filters(["*.log", "d/"])
    await transfers.restore("blob:box/p", at=then, delete=True, filters=filters)
    assert await keys(client, "blob:box/p/") == ["p/a.txt", "p/since.log"]


async def test_a_failure_is_told_and_the_rest_goes_on(
    client: Client, transfers: Transfers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_all(client, "p/a", "p/b", "p/c")
    then = await change(client, "box", [])
    await client.buckets.blob_rm("blob:box/p", recursive=True)
    real = EngineBackend.restore

    async def full(self: EngineBackend, bucket: str, key: str, revision: Any) -> Any:
        if key == "p/b":
            raise StorageFull("no room")
        return await real(self, bucket, key, revision)

    with monkeypatch.context() as patched:
        patched.setattr(EngineBackend, "restore", full)
        patched.setattr(StorageFull, "retryable", False)
        with pytest.raises(TransferFailed) as raised:
            await transfers.restore("blob:box/p", at=then)
    assert [failure.route.src for failure in raised.value.failed] == [
        (await client.place("blob:box/p/b")).uri
    ]
    assert await keys(client, "blob:box/p/") == ["p/a", "p/c"]
    await transfers.restore("blob:box/p", at=then)
    assert await keys(client, "blob:box/p/") == ["p/a", "p/b", "p/c"]


async def test_where_there_is_no_past_to_go_back_to(client: Client, transfers: Transfers) -> None:
    empty = datetime.now(UTC)
    await put_all(client, "p/a", "q/a")
    then = await change(client, "box", [])
    for uri, at in (("blob:box", empty), ("blob:box/none", then), ("blob:box/p/a", then)):
        with pytest.raises(BlobNotFound, match="nothing was below"):
            await transfers.restore(uri, at=at, delete=True)
    with pytest.raises(HistoryGone):
        await transfers.restore("blob:box/p", at=then - timedelta(days=1))
    with pytest.raises(InvalidArgument):
        await transfers.restore("blob:box/p", at=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(InvalidArgument, match="restore it"):
        await transfers.sync("blob:box/p", "blob:box/p", at=then)
    assert await keys(client) == ["p/a", "q/a", "zzz"]


async def test_what_would_be_lost_is_refused(client: Client, transfers: Transfers) -> None:
    await put_all(client, "p/a")
    then = await change(client, "box", [])
    await client.buckets.set_versioning("box", Versioning.SUSPENDED)
    await client.buckets.put_blob("box", "p/a", b"2")
    for dry_run in (True, False):
        with pytest.raises(Conflict, match="suspended"):
            await transfers.restore("blob:box/p", at=then, dry_run=dry_run)
    await client.buckets.set_versioning("box", Versioning.ENABLED)
    await transfers.restore("blob:box/p", at=then)
    assert await content(client, "p/a") == b"p/a"


@pytest.mark.parametrize(
    ("differs", "is_same"),
    [
        ({}, True),
        ({"etag": "1" * 28}, True),  # of one revision, and not of its content
        ({"etag": "1" * 32}, False),
        ({"etag": "1" * 32 + "-2"}, False),
        ({"checksums": {"crc32c": b"2222"}}, False),
        ({"checksums": {}}, False),
        ({"content_type": "text/html"}, False),
        ({"metadata": {"a": "b"}}, False),
        ({"tags": {"a": "b"}}, False),
    ],
)
async def test_what_a_difference_is(
    client: Client, differs: Mapping[str, Any], is_same: bool
) -> None:
    then = await client.buckets.put_blob("box", "a", b"1")
    now = replace(then, version="other", **differs)
    assert (_difference(then, now) is None) is is_same
    assert _difference(then, then) is None
    unknown = replace(now, checksums={}, etag="")
    assert _difference(replace(unknown, version="another"), unknown) == "changed since"


def _difference(then: BlobObject, now: BlobObject) -> str | None:
    source, target = (Item("a", Kind.FILE, blob.size, blob=blob) for blob in (then, now))
    return Rules(own_past=True).difference(source, target, None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with serving_whole(tmp_path_factory.mktemp("served") / "store") as running:
        yield running


async def test_on_a_server(whole: Whole, tmp_path: Path) -> None:
    async with connected(whole) as client:
        await client.buckets.create("over-there")
        transfers = Transfers(client, tmp_path / "journal")
        first = [("p/a", b"1", "text/html"), ("p/b", b"2", "text/html"), ("p/c", b"3", "text/css")]
        then = await change(client, "over-there", first)
        await change(client, "over-there", [("p/a", None, ""), ("p/b", b"22", "text/css")])
        await client.buckets.put_blob("over-there", "p/since", b"")
        wanted = await held(client, "over-there", then)
        restoring: Callable[..., Any] = partial(restored, transfers, "blob:over-there/p", then)
        planned = await restoring(dry_run=True, delete=True)
        assert await restoring(delete=True) == planned
        assert [verb for verb, *_ in planned] == ["restore", "restore", "skip", "delete"]
        assert below(await held(client, "over-there")) == below(wanted)
        assert {verb for verb, *_ in await restoring(delete=True)} == {"skip"}
