"""Uploads: their records, the pages of their parts and of themselves."""

from __future__ import annotations

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import InvalidArgument, PreconditionFailed, UploadNotFound
from holdall.core.values import CommonPrefix, PutOptions, SourceCondition, UploadRecord
from holdall.engine.engine import Engine
from holdall.engine.uploads import list_uploads

from .pieces import begun


async def test_parts_are_paged(backend: EngineBackend) -> None:
    upload = await begun(backend)
    assert [part.number for part in await upload.parts_page(limit=2)] == [1, 2]
    assert [part.number for part in await upload.parts_page(2, 2)] == [3]
    assert list(await upload.parts_page(3)) == []
    for limit in (0, 10_001):
        with pytest.raises(InvalidArgument):
            await upload.parts_page(limit=limit)


async def test_a_record_says_what_was_said(
    backend: EngineBackend, engine: Engine, others: Engine
) -> None:
    said = PutOptions("a/b", {"m": "1"}, {"t": "1"}, attributes={"a": "1"})
    box = await backend.get_bucket("box")
    upload = await EngineBackend(others).start_upload(box.id, "k", options=said)
    record = await upload.record()
    assert (record.initiator, record.owner, record.content_type) == ("other", "me", "a/b")
    assert (record.metadata, record.tags, record.attributes) == ({"m": "1"}, {"t": "1"}, {"a": "1"})
    assert (await list_uploads(engine, "box", "", ("", None), 9)).entries == (record,)
    await upload.abort()
    with pytest.raises(UploadNotFound):
        await upload.record()


async def test_uploads_are_listed_with_a_delimiter(backend: EngineBackend, engine: Engine) -> None:
    keys = ("a", "a", "b/1", "b/2", "b/2", "c", "d/", "d/x")
    ids = [(await backend.start_upload("box", key)).id for key in keys]
    assert ids == sorted(ids), "in the order they were started"

    async def listed(limit: int, delimiter: str, prefix: str = "") -> list[str]:
        found, after = list[str](), ("", None)
        while True:
            page = await list_uploads(engine, "box", prefix, after, limit, delimiter)
            found += [
                entry.prefix if isinstance(entry, CommonPrefix) else entry.id
                for entry in page.entries
            ]
            if page.after is None:
                return found
            after = page.after

    for limit in (1, 2, 3, 100):
        assert await listed(limit, "") == ids
        assert await listed(limit, "/") == [*ids[:2], "b/", ids[5], "d/"]
        assert await listed(limit, "/", "b/") == ids[2:5]
    page = await list_uploads(engine, "box", "", ("a", None), 1)
    assert [e.id for e in page.entries if isinstance(e, UploadRecord)] == [ids[2]]
    page = await list_uploads(engine, "box", "", ("a", ids[0]), 1)
    assert [e.id for e in page.entries if isinstance(e, UploadRecord)] == [ids[1]]


async def test_the_source_of_a_part_has_to_be_as_demanded(backend: EngineBackend) -> None:
    made = await backend.put("box", "from", b"x")
    upload = await backend.start_upload("box", "k")
    with pytest.raises(PreconditionFailed):
        await upload.copy_part(1, "box", "from", condition=SourceCondition(if_match="x"))
    await upload.copy_part(1, "box", "from", condition=SourceCondition(if_match=made.etag))
