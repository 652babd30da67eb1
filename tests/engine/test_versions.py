"""Listings of all revisions: complete, in order, in pages that hold still, and cheap."""

from __future__ import annotations

import random
from pathlib import Path

import apsw
import pytest

from holdall.backends.engine import EngineBackend
from holdall.catalog.tables import blobs, revisions, uploads
from holdall.catalog.transaction import Params
from holdall.core.errors import BucketNotFound, InvalidArgument
from holdall.core.values import CommonPrefix, Entry, PutOptions, Revision, VersionPage
from holdall.engine.delete import mark_deleted, remove_version
from holdall.engine.engine import Engine
from holdall.engine.put import put
from holdall.engine.versions import list_versions

KEYS = ("a", "a/", "a/b", "a/b/c", "a//b", "b", "é", "..", "b/1", "b/2", "c", "\0")


async def fill(backend: EngineBackend, engine: Engine, bucket: str = "box") -> None:
    dice = random.Random(3)
    for _ in range(80):
        key = dice.choice(KEYS)
        if dice.random() < 0.3:
            await mark_deleted(engine, bucket, key)
        else:
            await backend.put(bucket, key, b"x")


def shown(entry: Entry) -> tuple[str, str | None]:
    return (entry.prefix, None) if isinstance(entry, CommonPrefix) else (entry.key, entry.version)


async def expected(
    backend: EngineBackend, prefix: str, delimiter: str, bucket: str = "box"
) -> list[Entry]:
    """The same from each key's history."""
    found: list[Entry] = []
    for key in sorted(KEYS, key=str.encode):
        if not key.startswith(prefix):
            continue
        at = key.find(delimiter, len(prefix)) if delimiter else -1
        if at < 0:
            found += await backend.revisions(bucket, key)
        elif CommonPrefix(common := key[: at + len(delimiter)]) not in found:
            found += [CommonPrefix(common)] if await backend.revisions(bucket, key) else []
    return found


async def paged(engine: Engine, limit: int, **options: str) -> list[Entry]:
    entries: list[Entry] = []
    page: VersionPage | None = None
    while page is None or page.after is not None:
        after = page.after if page and page.after else ("", None)
        page = await list_versions(engine, "box", after=after, limit=limit, **options)
        assert len(page.entries) == limit or page.after is None
        entries += page.entries
    return entries


@pytest.mark.parametrize("delimiter", ["", "/", "b", "//"])
@pytest.mark.parametrize("prefix", ["", "a", "a/", "b/", "zz"])
async def test_every_revision_is_listed_once(
    backend: EngineBackend, engine: Engine, prefix: str, delimiter: str
) -> None:
    await fill(backend, engine)
    wanted = await expected(backend, prefix, delimiter)
    for limit in (1, 2, 7, 1000):
        found = await paged(engine, limit, prefix=prefix, delimiter=delimiter)
        assert [shown(entry) for entry in found] == [shown(entry) for entry in wanted]
        assert found == wanted, "also what is current, what is null, and what is a marker"


async def test_what_an_entry_says(backend: EngineBackend, engine: Engine) -> None:
    await backend.put("slack", "k", b"x")
    await mark_deleted(engine, "slack", "k")
    page = await list_versions(engine, "slack")
    assert page.owner == "me"
    ((is_marker, is_current, is_null),) = [
        (entry.is_marker, entry.is_current, entry.is_null)
        for entry in page.entries
        if isinstance(entry, Revision)
    ]
    assert (is_marker, is_current, is_null) == (True, True, True)


async def test_a_page_goes_on_though_its_last_entry_is_gone(
    backend: EngineBackend, engine: Engine
) -> None:
    made = [await backend.put("box", "k", b"x") for _ in range(6)]
    await backend.put("box", "z", b"x")
    page = await list_versions(engine, "box", limit=3)
    assert page.after == ("k", made[3].version)
    await remove_version(engine, "box", "k", made[3].version)
    await backend.put("box", "k", b"newer")
    rest = await list_versions(engine, "box", after=page.after, limit=9)
    assert [shown(e) for e in rest.entries][:3] == [("k", made[n].version) for n in (2, 1, 0)]
    assert len(rest.entries) == 4


async def test_where_a_page_begins(backend: EngineBackend, engine: Engine) -> None:
    for key in ("a", "b", "b", "c/1", "c/2", "d"):
        await backend.put("box", key, b"x")

    async def keys(key: str, version: str | None, delimiter: str = "") -> list[str]:
        after = (key, version)
        page = await list_versions(engine, "box", after=after, delimiter=delimiter)
        return [shown(entry)[0] for entry in page.entries]

    assert await keys("a", None) == ["b", "b", "c/1", "c/2", "d"]
    assert await keys("b", None) == ["c/1", "c/2", "d"]
    newest = await backend.head("box", "b")
    assert await keys("b", newest.version) == ["b", "c/1", "c/2", "d"]
    assert await keys("b", "null") == ["b", "b", "c/1", "c/2", "d"], "there is none any more"
    assert await keys("c/", None, "/") == ["d"]
    assert await keys("c/1", newest.version, "/") == ["c/", "d"]
    await backend.put("slack", "k", b"x")
    page = await list_versions(engine, "slack", after=("k", "null"))
    assert page.entries == ()


async def test_what_is_refused(engine: Engine) -> None:
    for version in ("nonsense", "", "\ud800", "-1.0000000000000000"):
        with pytest.raises(InvalidArgument):
            await list_versions(engine, "box", after=("k", version))
    for limit in (0, -1, 10_001):
        with pytest.raises(InvalidArgument):
            await list_versions(engine, "box", limit=limit)
    with pytest.raises(InvalidArgument):
        await list_versions(engine, "box", prefix="\ud800")
    with pytest.raises(BucketNotFound):
        await list_versions(engine, "no")


class Explained:
    """Asks SQLite how it would answer, instead of having it answer."""

    def __init__(self, path: Path) -> None:
        self._connection = apsw.Connection(str(path / "catalog.db"))
        self.plans: list[str] = []

    def one(self, sql: str, params: Params = ()) -> None:
        self.all(sql, params)

    def all(self, sql: str, params: Params = ()) -> list[tuple[object, ...]]:
        rows = self._connection.execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()
        self.plans += [str(row[3]) for row in rows]
        return []


async def test_nothing_is_sorted_and_nothing_scanned(tmp_path: Path) -> None:
    backend = await EngineBackend.at(tmp_path / "store", owner="me")
    asked = Explained(tmp_path / "store")
    blobs.any_page(asked, 1, b"a", b"b", 10)
    revisions.history(asked, 1, 5, 10)
    revisions.null_of(asked, 1)
    uploads.keys(asked, 1, b"a", b"b", 10)
    uploads.page(asked, 1, (b"a", ""), b"b", 10)
    assert asked.plans
    assert not [plan for plan in asked.plans if "TEMP B-TREE" in plan or "SCAN" in plan]
    await backend.aclose()


async def test_only_what_replaces_a_revision_sets_off_a_collection(engine: Engine) -> None:
    await put(engine, "flat", "new", b"one", PutOptions())
    assert not engine.background
    await put(engine, "flat", "new", b"two", PutOptions())
    assert engine.background
