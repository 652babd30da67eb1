"""Deletions as S3 means them: markers everywhere, null markers, and one outcome each of many."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import BlobNotFound, InvalidKey, PreconditionFailed, RevisionNotFound
from holdall.core.values import Precondition, PutOptions, Removal, Versioning
from holdall.engine import delete
from holdall.engine.delete import delete_each, mark_deleted, remove_version
from holdall.engine.engine import Engine

from .stores import LARGE

HOLD = PutOptions(marks={"hold": "ON"})


async def numbers(backend: EngineBackend, bucket: str, key: str) -> list[tuple[int, bool, bool]]:
    kept = await backend.revisions(bucket, key)
    return [(revision.number, revision.is_marker, revision.is_null) for revision in kept]


async def test_a_marker_on_what_never_was_and_on_a_marker(
    backend: EngineBackend, engine: Engine
) -> None:
    first = await mark_deleted(engine, "box", "k")
    second = await mark_deleted(engine, "box", "k")
    assert first is not None
    assert second is not None
    assert first.version != second.version
    assert await numbers(backend, "box", "k") == [(1, True, False), (0, True, False)]
    assert (await backend.usage("box")).markers == 2
    await backend.put("box", "k", LARGE)
    assert await mark_deleted(engine, "box", "k") is not None
    removed = await remove_version(engine, "box", "k", first.version)
    assert (removed.version, removed.is_marker) == (first.version, True)
    with pytest.raises(BlobNotFound):
        await backend.head("box", "k")


async def test_a_null_marker_replaces_the_null_version_alone(
    backend: EngineBackend, engine: Engine
) -> None:
    await backend.put("box", "k", b"kept")
    await backend.set_versioning("box", Versioning.SUSPENDED)
    await backend.put("box", "k", LARGE)
    marker = await mark_deleted(engine, "box", "k")
    assert marker is not None
    assert (marker.is_null, marker.is_marker) == (True, True)
    assert await numbers(backend, "box", "k") == [(2, True, True), (0, False, False)]
    await mark_deleted(engine, "box", "k")
    assert await numbers(backend, "box", "k") == [(3, True, True), (0, False, False)]
    removed = await remove_version(engine, "box", "k", "null")
    assert removed.is_marker
    assert (await backend.head("box", "k")).number == 0


async def test_without_versions_the_blob_goes_quietly(
    backend: EngineBackend, engine: Engine
) -> None:
    await backend.put("flat", "k", LARGE)
    assert await mark_deleted(engine, "flat", "k") is None
    assert await mark_deleted(engine, "flat", "k") is None
    assert await numbers(backend, "flat", "k") == []


@pytest.mark.parametrize("bucket", ["box", "flat", "slack"])
async def test_conditions_of_a_deletion(
    backend: EngineBackend, engine: Engine, bucket: str
) -> None:
    with pytest.raises(PreconditionFailed) as absent:
        await mark_deleted(engine, bucket, "k", Precondition(if_match="*"))
    assert absent.value.actual is None
    made = await backend.put(bucket, "k", b"12345")
    for wrong in (
        Precondition(if_match="x"),
        Precondition(if_match_size=4),
        Precondition(if_match_time=made.created_at + timedelta(seconds=1)),
        Precondition(if_match=made.etag, if_match_size=0),
    ):
        with pytest.raises(PreconditionFailed):
            await mark_deleted(engine, bucket, "k", wrong)
    right = Precondition(
        if_match=made.etag, if_match_size=5, if_match_time=made.created_at.replace(microsecond=0)
    )
    await mark_deleted(engine, bucket, "k", right)
    with pytest.raises(BlobNotFound):
        await backend.head(bucket, "k")


async def test_a_version_that_is_not_there(backend: EngineBackend, engine: Engine) -> None:
    with pytest.raises(BlobNotFound):
        await remove_version(engine, "box", "k", "null")
    await backend.put("box", "k", b"x")
    for missing in ("null", "0.0000000000000000", 7):
        with pytest.raises(RevisionNotFound):
            await remove_version(engine, "box", "k", missing)


async def test_many_removals_each_with_its_outcome(
    backend: EngineBackend, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delete, "BATCH", 3)
    made = {key: await backend.put("box", key, b"x") for key in ("a", "b", "c")}
    held = await backend.put("box", "held", b"x", options=HOLD)
    done = await delete_each(
        engine,
        "box",
        [
            Removal("a"),
            Removal("b", made["b"].version),
            Removal("never"),
            Removal("never", "null"),
            Removal("", None),
            Removal("c", None, Precondition(if_match="x")),
            Removal("held", held.version),
            Removal("c", made["a"].version),
            Removal("a", made["a"].version),
        ],
    )
    assert [one.key for one in done] == ["a", "b", "never", "never", "", "c", "held", "c", "a"]
    assert [bool(one.marker) for one in done] == [True, False, True] + [False] * 6
    removed = [one.removed and one.removed.version for one in done]
    expected = [None, made["b"].version, *[None] * 6, made["a"].version]
    assert removed == expected
    errors = [type(one.error).__name__ for one in done if one.error]
    assert errors == [
        *("RevisionNotFound", InvalidKey.__name__, "PreconditionFailed", "Locked"),
        "RevisionNotFound",
    ]
    assert (await backend.head("box", "c")).number == 0
    assert (await backend.usage("box")).markers == 2
    assert await delete_each(engine, "box", []) == []
    await backend.set_versioning("box", Versioning.SUSPENDED)


async def test_a_failure_among_many_leaves_no_trace(backend: EngineBackend, engine: Engine) -> None:
    """What is refused is refused before anything of it is written."""
    for key in ("a", "b"):
        await backend.put("slack", key, b"x", options=HOLD if key == "a" else PutOptions())
    done = await delete_each(engine, "slack", [Removal("a"), Removal("b"), Removal("a", "null")])
    assert [type(one.error).__name__ for one in done] == ["Locked", "NoneType", "Locked"]
    assert await numbers(backend, "slack", "a") == [(0, False, True)]
    assert await numbers(backend, "slack", "b") == [(1, True, True)]
