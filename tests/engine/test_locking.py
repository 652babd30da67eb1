"""Object lock: what a hold or a retention keeps is kept, whoever removes it and however."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import Conflict, InvalidArgument, Locked
from holdall.core.values import CopyOptions, PutOptions, Revision, Versioning
from holdall.engine import buckets, settings
from holdall.engine.delete import delete_all_revisions, mark_deleted, remove_version
from holdall.engine.engine import Engine
from holdall.engine.marks import get_marks, set_mark
from holdall.engine.records import microseconds_of

HOUR = timedelta(hours=1)


def until(offset: timedelta, mode: str = "GOVERNANCE") -> str:
    time = microseconds_of(datetime.now(UTC) + offset)
    return json.dumps({"mode": mode, "until": time})


KEPT = {
    "hold": {"hold": "ON"},
    "governance": {"retention": until(HOUR)},
    "compliance": {"retention": until(HOUR, "COMPLIANCE")},
    "both": {"hold": "ON", "retention": until(-HOUR)},
}
FREE = {
    "hold is off": {"hold": "OFF"},
    "governance is over": {"retention": until(-HOUR)},
    "compliance is over": {"retention": until(-HOUR, "COMPLIANCE")},
}


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("bucket", ["box", "flat", "slack"])
async def test_what_is_kept_stays_however_it_is_removed(
    backend: EngineBackend, engine: Engine, bucket: str, name: str
) -> None:
    await backend.put(bucket, "k", b"kept", options=PutOptions(marks=KEPT[name]))
    ways: list[Callable[[], Awaitable[object]]] = [
        lambda: remove_version(engine, bucket, "k", 0),
        lambda: backend.delete(bucket, "k", revision=0),
        lambda: delete_all_revisions(engine, bucket, "k"),
        lambda: backend.delete_bucket(bucket, force=True),
    ]
    if bucket != "box":  # where a write replaces the null version
        ways.append(lambda: backend.put(bucket, "k", b"new"))
        ways.append(lambda: mark_deleted(engine, bucket, "k"))
        ways.append(lambda: backend.delete(bucket, "k"))
    for way in ways:
        with pytest.raises(Locked) as caught:
            await way()
        assert (caught.value.key, caught.value.revision) == ("k", 0)
    async with await backend.open(bucket, "k") as reading:
        assert await reading.read() == b"kept"


@pytest.mark.parametrize("name", FREE)
@pytest.mark.parametrize("bucket", ["box", "flat", "slack"])
async def test_what_is_not_kept_any_more_goes(
    backend: EngineBackend, engine: Engine, bucket: str, name: str
) -> None:
    await backend.put(bucket, "k", b"free", options=PutOptions(marks=FREE[name]))
    await backend.put(bucket, "k", b"new")
    await delete_all_revisions(engine, bucket, "k")


async def test_only_governance_is_bypassed(backend: EngineBackend, engine: Engine) -> None:
    for name in ("hold", "compliance"):
        await backend.put("box", name, b"x", options=PutOptions(marks=KEPT[name]))
        with pytest.raises(Locked):
            await remove_version(engine, "box", name, 0, bypass=True)
    for key in ("a", "b"):
        await backend.put("box", key, b"x", options=PutOptions(marks=KEPT["governance"]))
    await remove_version(engine, "box", "a", 0, bypass=True)
    assert await delete_all_revisions(engine, "box", "b", bypass=True) == 1


async def test_a_marker_hides_what_is_kept(backend: EngineBackend, engine: Engine) -> None:
    made = await backend.put("box", "k", b"x", options=PutOptions(marks=KEPT["compliance"]))
    marker = await mark_deleted(engine, "box", "k")
    assert marker is not None
    await remove_version(engine, "box", "k", marker.version)
    assert (await backend.head("box", "k")).version == made.version


async def test_a_hold_that_ends_lets_go(backend: EngineBackend, engine: Engine) -> None:
    await backend.put("box", "k", b"x")
    await set_mark(engine, "box", "k", "hold", "ON")
    with pytest.raises(Locked):
        await remove_version(engine, "box", "k", 0)
    await set_mark(engine, "box", "k", "hold", "OFF")
    await remove_version(engine, "box", "k", 0)


async def test_a_locked_bucket_keeps_its_versions(engine: Engine) -> None:
    made = await buckets.create(engine, "lock", Versioning.ENABLED, locked=True)
    assert made.locked
    for wanted in (Versioning.SUSPENDED, Versioning.OFF):
        with pytest.raises(Conflict):
            await buckets.set_versioning(engine, "lock", wanted)
        with pytest.raises(InvalidArgument):
            await buckets.create(engine, "other", wanted, locked=True)
    await buckets.set_versioning(engine, "lock", Versioning.ENABLED)
    assert (await buckets.lock(engine, "box")).locked
    for name in ("flat", "slack"):
        with pytest.raises(Conflict):
            await buckets.lock(engine, name)


@pytest.mark.parametrize(
    ("rule", "days"), [({"days": 3}, 3), ({"years": 4}, 1461)], ids=["days", "years"]
)
async def test_a_default_retention_is_given_to_every_content(
    backend: EngineBackend, engine: Engine, rule: dict[str, int], days: int
) -> None:
    await buckets.lock(engine, "box")
    await settings.put(
        engine, "box", "object-lock", json.dumps({"mode": "COMPLIANCE", "enabled": True, **rule})
    )
    upload = await backend.start_upload("box", "upload")
    await upload.part(1, b"part")
    await backend.put("flat", "from", b"x")
    for made in (
        await backend.put("box", "put", b"x"),
        await upload.complete(),
        await backend.copy("flat", "from", "box", "copy"),
        await backend.put("box", "marked", b"x", options=PutOptions(marks={"acl": "a"})),
    ):
        marks = await get_marks(engine, "box", made.key)
        retention = json.loads(marks["retention"])
        assert retention["mode"] == "COMPLIANCE"
        assert retention["until"] - microseconds_of(made.created_at) == days * 86_400_000_000
        assert (made.key == "marked") == ("acl" in marks)
    await assert_own_retention_wins(backend, engine)
    marker = await mark_deleted(engine, "box", "put")
    assert marker is not None
    await remove_version(engine, "box", "put", marker.version)


async def assert_own_retention_wins(backend: EngineBackend, engine: Engine) -> None:
    own = {"retention": until(-HOUR)}
    made: list[Revision] = [
        await backend.put("box", "own", b"x", options=PutOptions(marks=own)),
        await backend.copy("flat", "from", "box", "own copy", options=CopyOptions(marks=own)),
    ]
    for revision in made:
        assert await get_marks(engine, "box", revision.key) == own
        await remove_version(engine, "box", revision.key, 0)


async def test_a_default_without_a_mode_keeps_nothing(
    backend: EngineBackend, engine: Engine
) -> None:
    await buckets.lock(engine, "box")
    await backend.put("box", "a", b"x")
    await settings.put(engine, "box", "object-lock", "{}")
    await backend.put("box", "b", b"x")
    for key in ("a", "b"):
        assert await get_marks(engine, "box", key) == {}
        await remove_version(engine, "box", key, 0)


async def test_force_ends_at_what_is_kept(backend: EngineBackend, engine: Engine) -> None:
    await backend.put("box", "k", b"x", options=PutOptions(marks=KEPT["governance"]))
    with pytest.raises(Locked):
        await buckets.delete(engine, "box", True)
    await buckets.delete(engine, "box", True, bypass=True)
