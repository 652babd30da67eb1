"""Copies: what may be demanded of the source, and whose buckets they join."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import BucketNotFound, PreconditionFailed
from holdall.core.values import CopyOptions, Precondition, SourceCondition
from holdall.engine.copy import copy
from holdall.engine.engine import Engine

from .stores import LARGE

SECOND = timedelta(seconds=1)


async def test_conditions_of_the_source(backend: EngineBackend, engine: Engine) -> None:
    made = await backend.put("box", "k", b"x")
    time = made.created_at.replace(microsecond=0)
    before, after = time - SECOND, time + SECOND

    async def allowed(**condition: object) -> bool:
        source = SourceCondition(**condition)  # type: ignore[arg-type]
        try:
            await copy(engine, "box", "k", "flat", "to", None, CopyOptions(source=source))
        except PreconditionFailed as error:
            return not error.condition.startswith("source ")
        return True

    assert await allowed()
    assert await allowed(if_match=made.etag)
    assert await allowed(if_match="*")
    assert not await allowed(if_match="x")
    assert await allowed(if_none_match="x")
    assert not await allowed(if_none_match=made.etag)
    assert not await allowed(if_none_match="*")
    assert await allowed(if_modified_since=before)
    assert not await allowed(if_modified_since=time)
    assert not await allowed(if_modified_since=after)
    assert await allowed(if_unmodified_since=time)
    assert await allowed(if_unmodified_since=after)
    assert not await allowed(if_unmodified_since=before)
    assert await allowed(if_match=made.etag, if_unmodified_since=before), "the tag decides"
    assert not await allowed(if_match="x", if_unmodified_since=after)
    assert not await allowed(if_none_match=made.etag, if_modified_since=before)
    assert await allowed(if_none_match="x", if_modified_since=after), "the tag decides"


async def test_the_source_is_told(backend: EngineBackend, engine: Engine) -> None:
    first = await backend.put("box", "k", b"x")
    second = await backend.put("box", "k", b"y")
    copied = await copy(engine, "box", "k", "box", "to", None, CopyOptions())
    assert copied.source == second
    assert copied.revision == await backend.head("box", "to")
    old = await copy(engine, "box", "k", "box", "to", first.version, CopyOptions())
    assert (old.source.version, old.source.is_current) == (first.version, False)


async def test_both_ends_can_have_conditions(backend: EngineBackend, engine: Engine) -> None:
    await backend.put("box", "k", b"x")
    await backend.put("box", "to", b"y")
    options = CopyOptions(
        precondition=Precondition(if_none_match="*"), source=SourceCondition(if_match="*")
    )
    with pytest.raises(PreconditionFailed) as caught:
        await copy(engine, "box", "k", "box", "to", None, options)
    assert caught.value.condition == "if_none_match"


async def test_a_copy_into_somebody_elses_bucket(
    backend: EngineBackend, engine: Engine, others: Engine
) -> None:
    theirs = await EngineBackend(others).create_bucket("theirs")
    mine = await backend.get_bucket("box")
    await backend.put("box", "k", LARGE)
    with pytest.raises(BucketNotFound):
        await backend.copy("box", "k", "theirs", "k")
    await backend.copy("box", "k", theirs.id, "k")
    await EngineBackend(others).copy(mine.id, "k", "other/theirs", "again")
    await backend.delete_bucket("box", force=True)
    for key in ("k", "again"):
        async with await EngineBackend(others).open("theirs", key) as reading:
            assert await reading.read() == LARGE
