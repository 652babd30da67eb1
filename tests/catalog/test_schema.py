"""A store of an older format is brought forward, with everything that is in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from holdall.catalog import schema
from holdall.catalog.sqlite.catalog import SqliteCatalog
from holdall.catalog.tables import blobs, buckets, uploads
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.revisions import RevisionRow
from holdall.catalog.transaction import Catalog, Reads, Transaction
from holdall.core.errors import FormatError
from holdall.core.values import COPY_ALL, PutOptions
from holdall.engine import check, copy, put
from holdall.engine import uploads as upload_verbs
from holdall.engine.engine import Engine
from holdall.payloads.memory import MemoryPayloads
from holdall.testing.postgres import PostgresServer


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Catalog]:
    if request.param == "sqlite":
        return partial(SqliteCatalog, tmp_path)
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name: str = request.getfixturevalue("postgres_schema")
    catalog = pytest.importorskip("holdall.catalog.postgres.catalog")
    return partial(catalog.PostgresCatalog, server.dsn, schema=name)


def fill_format_1(tx: Transaction) -> None:
    """What format 1 wrote for a bucket with a blob, and an upload that was begun."""
    tick = tx.tick()
    tx.run(
        "INSERT INTO buckets (id, uid, owner, name, created, versioning, public, floor)"
        " VALUES (1, 'B', 'me', 'box', 5, 1, 0, 1)"
    )
    tx.run("INSERT INTO usage VALUES (1, 1, 3, 1, 3, 0)")
    tx.run(
        "INSERT INTO blobs (bucket, deleted, key, chain, current, next) VALUES (1, 0, ?, 2, 0, 1)",
        (b"k",),
    )
    tx.run(
        "INSERT INTO revisions (chain, number, id, token, time, kind, is_null, size, content_type,"
        " etag, crc32c, checksums, metadata, tags)"
        " VALUES (2, 0, 2, 7, 5, 0, 0, 3, 'a/b', 'tag', 910901175, NULL, ?, NULL)",
        ('{"m":"1"}',),
    )
    tx.run("INSERT INTO spans VALUES (2, 0, 2, 0, 3)")
    tx.run("INSERT INTO small_payloads VALUES (2, 910901175, ?)", (b"abc",))
    options = '{"content_type": "c/d", "metadata": null, "tags": null}'
    tx.run(
        "INSERT INTO uploads (id, uid, bucket, key, time, options) VALUES (3, ?, 1, ?, 5, ?)",
        ("0" * 32, b"u", options),
    )
    assert tick.seq == 1
    tx.tick()
    tx.tick()


@pytest.fixture
async def format_1(make: Callable[[], Catalog], monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", schema.STEPS[:1])
        patch.setattr(schema, "FORMAT", 1)
        catalog = make()
        await catalog.write(fill_format_1)
        assert await catalog.read(stored_format) == 1
        await catalog.aclose()


def stored_format(reads: Reads) -> Any:
    row = reads.one("SELECT format FROM store")
    return row and row[0]


def seen(reads: Reads) -> tuple[object, ...]:
    started = uploads.of_bucket(reads, 1, 9)
    return (
        buckets.by_uid(reads, "B"),
        blobs.current(reads, 1, b"k"),
        [(row.uid, row.key, row.initiator) for row in started],
    )


async def test_a_store_of_format_1_keeps_everything(
    format_1: None, make: Callable[[], Catalog]
) -> None:
    for _ in range(2):
        catalog = make()
        assert await catalog.read(stored_format) == schema.FORMAT == 2
        bucket = BucketRow(1, "B", "me", "box", 5, 1, 0, 1, 0)
        said = (0, 3, "a/b", "tag", 910901175, None, '{"m":"1"}', None)
        row = RevisionRow(2, 0, 2, 7, 5, 0, *said, None, 0, 0)
        assert await catalog.read(seen) == (bucket, row, [("0" * 32, b"u", "")])
        await catalog.aclose()


async def test_a_store_of_format_1_is_used_on(format_1: None, make: Callable[[], Catalog]) -> None:
    engine = Engine(make(), MemoryPayloads(), "me")
    made = await put.put(engine, "box", "k", b"new", PutOptions(attributes={"a": "1"}))
    assert (made.number, made.attributes) == (1, {"a": "1"})
    copied = await copy.copy(engine, "box", "k", "box", "copy", 0, COPY_ALL)
    assert copied.source.metadata == copied.revision.metadata == {"m": "1"}
    upload = await upload_verbs.resume(engine, "box", "u", "0" * 32)
    assert (await upload.record()).initiator == "me"
    await upload.part(1, b"part")
    assert (await upload.complete()).content_type == "c/d"
    assert await check.check(engine, scrub=True) == []
    await engine.aclose()


async def test_a_newer_format_is_refused_and_not_changed(make: Callable[[], Catalog]) -> None:
    catalog = make()
    await catalog.write(lambda tx: tx.run("UPDATE store SET format = 99"))
    with pytest.raises(FormatError):
        make()
    assert await catalog.read(stored_format) == 99
    await catalog.aclose()
