"""Buckets whose names belong to everybody, and their pages."""

from __future__ import annotations

import asyncio

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import BucketExists, BucketNotEmpty, InvalidArgument
from holdall.core.values import BucketRecord, Versioning
from holdall.engine import buckets
from holdall.engine.engine import Engine

OFF = Versioning.OFF


async def test_a_name_that_anybody_has_is_taken(engine: Engine, others: Engine) -> None:
    with pytest.raises(BucketExists) as caught:
        await buckets.create(others, "box", OFF, exclusive=True)
    assert (caught.value.bucket, caught.value.owner) == ("box", "me")
    with pytest.raises(BucketExists) as own:
        await buckets.create(engine, "box", OFF)
    assert own.value.owner == "me"
    await buckets.create(others, "box", OFF)
    await buckets.create(others, "free", OFF, exclusive=True)
    await buckets.create(others, None, OFF, exclusive=True)
    await buckets.create(others, None, OFF, exclusive=True)


async def test_one_of_many_owners_gets_the_name(engine: Engine, others: Engine) -> None:
    calls = [buckets.create(who, "new", OFF, exclusive=True) for who in (engine, others) * 5]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, BucketRecord) for result in results) == 1
    assert sum(isinstance(result, BucketExists) for result in results) == 9


async def test_buckets_are_found_whoever_owns_them(engine: Engine, others: Engine) -> None:
    theirs = await buckets.create(others, "box", OFF)
    found = await buckets.named(engine, "box")
    assert [(record.id, record.owner) for record in found] == [
        ((await buckets.get(engine, "box")).id, "me"),
        (theirs.id, "other"),
    ]
    assert await buckets.named(engine, "no") == []
    assert await buckets.get(engine, theirs.id) == theirs


async def test_what_a_bucket_that_stays_holds_is_told(backend: EngineBackend) -> None:
    for content in (b"old", b"older", b"new"):
        await backend.put("box", "k", content)
    with pytest.raises(BucketNotEmpty, match=r"Bucket box holds 1 blob, 2 old revisions\.$"):
        await backend.delete_bucket("box")


async def test_pages_of_buckets(engine: Engine, others: Engine) -> None:
    for name in ("a", "a-1", "a-2", "b", "ab"):
        await buckets.create(engine, name, OFF)
    await buckets.create(engine, None, OFF)
    await buckets.create(others, "a-3", OFF)

    async def names(prefix: str = "", after: str = "", limit: int = 1000) -> list[str | None]:
        page = await buckets.page(engine, prefix=prefix, after=after, limit=limit)
        return [record.name for record in page]

    assert await names() == ["a", "a-1", "a-2", "ab", "b", "box", "flat", "slack"]
    assert await names(limit=2) == ["a", "a-1"]
    assert await names(after="a-1", limit=2) == ["a-2", "ab"]
    assert await names("a-") == ["a-1", "a-2"]
    assert await names("a-", "a-1") == ["a-2"]
    assert await names("a", "zz") == []
    for wrong in ({"limit": 0}, {"limit": 10_001}, {"prefix": "\ud800"}):
        with pytest.raises(InvalidArgument):
            await buckets.page(engine, **wrong)  # type: ignore[arg-type]
